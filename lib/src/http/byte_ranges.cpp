#include "weir/http/byte_ranges.hpp"

#include "any_case.hpp"
#include "white_space.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace weir {
namespace {

/// A number too large to be held is as good as the largest: no resource is longer.
std::optional<std::uint64_t> read_position(std::string_view digits) noexcept {
  if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

/// One member of the list, as far as it lies within `size` bytes: empty if it does not. nullopt: not of the form.
std::optional<byte_range> read_range(std::string_view text, std::uint64_t size) noexcept {
  const auto dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const std::string_view before = text.substr(0, dash), behind = text.substr(dash + 1);
  if (before.empty()) {
    const auto length = read_position(behind);
    if (!length) return std::nullopt;
    return byte_range{size - std::min(*length, size), std::min(*length, size)};
  }
  const auto first = read_position(before);
  const auto last = behind.empty() ? std::numeric_limits<std::uint64_t>::max() : read_position(behind);
  if (!first || !last || *last < *first) return std::nullopt;
  if (*first >= size) return byte_range{};
  return byte_range{*first, std::min(*last, size - 1) - *first + 1};
}

} // namespace

selected_ranges select_ranges(std::string_view header, std::uint64_t size) noexcept {
  selected_ranges found;
  const auto equals = header.find('=');
  if (equals == header.npos || !detail::equals_in_any_case(header.substr(0, equals), "bytes")) return {};

  std::uint64_t total = 0;
  std::size_t asked = 0;
  for (std::string_view left = header.substr(equals + 1); !left.empty();) {
    const auto comma = left.find(',');
    const std::string_view member = detail::trim(left.substr(0, comma));
    left = comma == left.npos ? std::string_view() : left.substr(comma + 1);
    if (member.empty()) continue; // RFC 9110, section 5.6.1.2
    const auto range = read_range(member, size);
    if (!range || ++asked > selected_ranges::max_ranges) return {};
    if (range->length == 0) {
      // The end of an empty resource is there, and is all of it.
      if (size == 0 && member.front() == '-' && member.find_first_not_of("-0") != member.npos) return {};
      continue;
    }
    if (range->length > size - total) return {};
    total += range->length;
    found.ranges_[found.count_++] = *range;
  }
  if (asked == 0) return {};
  found.kind_ = found.count_ != 0 ? selected_ranges::kind::partial : selected_ranges::kind::unsatisfiable;
  return found;
}

} // namespace weir
