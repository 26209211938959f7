#include "weir/log/carried_fields.hpp"

#include <array>
#include <cstdint>

namespace weir {

carried_fields::carried_fields(const carried_fields* outer, std::span<const std::byte> fresh) {
  if (outer != nullptr)
    detail::for_each_carried(outer->bytes(), [&](const detail::argument_type& type, const std::byte* value) {
      if (detail::carries(fresh, type.key)) return;
      const std::byte* const begin = value - sizeof &type;
      bytes_.insert(bytes_.end(), begin, value + detail::bytes_of(type, value));
    });
  bytes_.insert(bytes_.end(), fresh.begin(), fresh.end());
}

namespace detail {

namespace {

std::span<const std::byte> bytes_or_none(const carried_fields* fields) noexcept {
  return fields == nullptr ? std::span<const std::byte>() : fields->bytes();
}

using sizes = std::array<std::uint32_t, 2>; // of the logger's and the context's, bytes

} // namespace

bool carries(std::span<const std::byte> bytes, std::string_view key) noexcept {
  bool found = false;
  for_each_carried(bytes, [&](const argument_type& type, const std::byte*) { found = found || type.key == key; });
  return found;
}

std::size_t carried_size(const carried_fields* of_logger, const carried_fields* of_context) noexcept {
  const std::size_t all = bytes_or_none(of_logger).size() + bytes_or_none(of_context).size();
  return all == 0 ? 0 : sizeof(sizes) + all;
}

std::byte* write_carried(std::byte* at, const carried_fields* of_logger, const carried_fields* of_context) noexcept {
  const auto first = bytes_or_none(of_logger), second = bytes_or_none(of_context);
  const sizes both{static_cast<std::uint32_t>(first.size()), static_cast<std::uint32_t>(second.size())};
  std::memcpy(at, both.data(), sizeof both);
  at += sizeof both;
  for (const auto& part : {first, second}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return at;
}

carried_spans read_carried(const std::byte*& at) noexcept {
  sizes both;
  std::memcpy(both.data(), at, sizeof both);
  at += sizeof both;
  const carried_spans found{{at, both[0]}, {at + both[0], both[1]}};
  at += both[0] + both[1];
  return found;
}

} // namespace detail
} // namespace weir
