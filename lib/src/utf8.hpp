// UTF-8 in text that may hold anything, as what a request brings: label values, baggage, what is logged.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::detail {

/// What stands at the front of a text.
struct utf8_sequence {
  std::size_t length; // bytes of the character, or of the part after which it goes wrong, at least one
  bool is_valid;
};

/// Valid are no overlong forms, no surrogates, nothing above U+10FFFF. `text` is not empty. Source: Unicode 15, table
/// 3-7 (well-formed UTF-8).
utf8_sequence first_sequence(std::string_view text) noexcept;

/// Of valid UTF-8: whether this byte goes on with a character that has begun before it.
constexpr bool continues_character(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U; }

/// The text with U+FFFD for each maximal part of an invalid sequence (Unicode 15, section 3.9, table 3-8), and
/// unchanged if it is valid UTF-8.
std::string to_valid_utf8(std::string_view text);

/// Whether all of the text is valid.
bool is_valid_utf8(std::string_view text) noexcept;

} // namespace weir::detail
