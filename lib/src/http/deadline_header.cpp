// Durations by two short grammars, read digit by digit.
#include "weir/http/deadline_header.hpp"

#include "white_space.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace weir {
namespace {

using std::chrono::microseconds;

// Takes up to `most` digits off the front; nullopt if there is none, or one more.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t most) noexcept {
  std::int64_t value = 0;
  std::size_t count = 0;
  for (; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count) {
    if (count == most) return std::nullopt;
    value = value * 10 + (text[count] - '0');
  }
  if (count == 0) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

} // namespace

std::optional<microseconds> parse_timeout(std::string_view value) noexcept {
  value = detail::trim(value);
  const bool negative = value.starts_with('-');
  if (negative) value.remove_prefix(1);
  const auto number = take_digits(value, 10);
  if (!number) return std::nullopt;
  const std::int64_t count = negative ? -*number : *number;
  if (value.empty() || value == "ms") return std::chrono::milliseconds(count);
  if (value == "s") return std::chrono::seconds(count);
  return std::nullopt;
}

std::optional<microseconds> parse_grpc_timeout(std::string_view value) noexcept {
  value = detail::trim(value);
  const auto number = take_digits(value, 8);
  if (!number || value.size() != 1) return std::nullopt;
  switch (value.front()) {
  case 'H':
    return std::chrono::hours(*number);
  case 'M':
    return std::chrono::minutes(*number);
  case 'S':
    return std::chrono::seconds(*number);
  case 'm':
    return std::chrono::milliseconds(*number);
  case 'u':
    return microseconds(*number);
  case 'n':
    return std::chrono::ceil<microseconds>(std::chrono::nanoseconds(*number));
  default:
    return std::nullopt;
  }
}

timeout_text::timeout_text(std::chrono::nanoseconds left) noexcept {
  const std::int64_t count = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  const std::int64_t told = std::clamp<std::int64_t>(count, 0, 9'999'999'999);
  size_ = static_cast<std::size_t>(std::to_chars(chars_.begin(), chars_.end(), told).ptr - chars_.begin());
}

} // namespace weir
