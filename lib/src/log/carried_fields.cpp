#include "weir/log/carried_fields.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

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

const argument_type& text_field_type(std::string_view key) {
  if (!valid_key(key))
    throw std::invalid_argument("weir: '" + std::string(key) +
                                "' is no field's key: letters, digits and _ . - /, and not a reserved one");
  // Never destroyed: records refer to them.
  static auto* const mutex = new std::mutex;
  static auto* const made = new std::map<std::string, argument_type, std::less<>>;
  const std::lock_guard hold(*mutex);
  const auto place = made->try_emplace(std::string(key), argument_type{argument_kind::text, 0, {}, nullptr}).first;
  place->second.key = place->first;
  return place->second;
}

std::size_t field_list::grow(std::size_t bytes) {
  const std::size_t end = fields_.bytes_.size();
  fields_.bytes_.resize(end + bytes);
  return end;
}

void field_list::add(const argument_type& text_field, std::string_view value) {
  const argument_type* const type = &text_field;
  const std::size_t end = grow(sizeof type + codec<std::string_view>::size(value));
  std::byte* const at = fields_.bytes_.data() + end;
  std::memcpy(at, &type, sizeof type);
  codec<std::string_view>::write(at + sizeof type, value);
}

void field_list::add(const carried_fields* others) {
  if (others == nullptr) return;
  for_each_carried(others->bytes(), [&](const argument_type& type, const std::byte* value) {
    if (carries(fields_.bytes_, type.key)) return;
    const std::byte* const begin = value - sizeof &type;
    fields_.bytes_.insert(fields_.bytes_.end(), begin, value + bytes_of(type, value));
  });
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
