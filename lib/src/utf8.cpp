// UTF-8 by the table of well-formed sequences.
#include "utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace weir::detail {
namespace {

struct sequence {
  // Bytes to step over: of the whole character, or of the part after which it goes wrong, at least one.
  std::size_t length;
  bool valid;
};

// The well-formed sequences of table 3-7 of the Unicode standard: only the second byte's range depends on the first.
sequence first_sequence(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const std::uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {i, false};
    const bool good = i == 1 ? byte(i) >= low && byte(i) <= high : (byte(i) & 0xc0) == 0x80;
    if (!good) return {i, false};
  }
  return {length, true};
}

} // namespace

bool is_valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const sequence next = first_sequence(text);
    if (!next.valid) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string result;
  result.reserve(text.size() + 8);
  while (!text.empty()) {
    const sequence next = first_sequence(text);
    result.append(next.valid ? text.substr(0, next.length) : std::string_view("\xef\xbf\xbd"));
    text.remove_prefix(next.length);
  }
  return result;
}

} // namespace weir::detail
