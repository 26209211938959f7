// UTF-8 by the table of well-formed sequences.
#include "utf8.hpp"

#include <cstdint>

namespace weir::detail {

// Only the second byte's range depends on the first.
utf8_sequence first_sequence(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const std::uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {i, false};
    const bool good = i == 1 ? byte(i) >= low && byte(i) <= high : continues_character(text[i]);
    if (!good) return {i, false};
  }
  return {length, true};
}

bool is_valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const utf8_sequence next = first_sequence(text);
    if (!next.is_valid) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string result;
  result.reserve(text.size() + 8);
  while (!text.empty()) {
    const utf8_sequence next = first_sequence(text);
    result.append(next.is_valid ? text.substr(0, next.length) : std::string_view("\xef\xbf\xbd"));
    text.remove_prefix(next.length);
  }
  return result;
}

} // namespace weir::detail
