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

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  while (!text.empty()) {
    const int high = text.size() > 2 && text[0] == '%' ? digit_of(text[1]) : -1;
    const int low = high >= 0 ? digit_of(text[2]) : -1;
    decoded += low >= 0 ? static_cast<char>(high << 4 | low) : text[0];
    text.remove_prefix(low >= 0 ? 3 : 1);
  }
  return decoded;
}

} // namespace weir::detail
