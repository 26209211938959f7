#include "percent.hpp"

namespace weir::detail {

namespace {

// The digit's value, or -1.
constexpr int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

} // namespace

std::size_t percent_decode(char* text, std::size_t size) noexcept {
  std::string_view rest(text, size);
  char* end = text;
  while (!rest.empty()) {
    const int high = rest.size() > 2 && rest[0] == '%' ? digit_of(rest[1]) : -1;
    const int low = high >= 0 ? digit_of(rest[2]) : -1;
    *end++ = low >= 0 ? static_cast<char>(high << 4 | low) : rest[0];
    rest.remove_prefix(low >= 0 ? 3 : 1);
  }
  return static_cast<std::size_t>(end - text);
}

std::string percent_decoded(std::string_view text) {
  std::string decoded(text);
  decoded.resize(percent_decode(decoded.data(), decoded.size()));
  return decoded;
}

} // namespace weir::detail
