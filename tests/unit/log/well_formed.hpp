// An independent judge of escaped text: a UTF-8 validator written from the RFC 3629 grammar, not from escape.cpp.
#pragma once

#include <cstdint>
#include <string_view>

/// Whether `text` is valid UTF-8 (RFC 3629: shortest forms, no surrogates, at most U+10FFFF) in which all code points
/// are `welcome`.
template <class Welcome>
bool is_utf8_of(std::string_view text, Welcome welcome) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[i]);
    const int more = first < 0x80   ? 0
                     : first < 0xc0 ? -1
                     : first < 0xe0 ? 1
                     : first < 0xf0 ? 2
                     : first < 0xf8 ? 3
                                    : -1;
    if (more < 0 || i + static_cast<std::size_t>(more) >= text.size()) return false;
    std::uint32_t code = more == 0 ? first : first & (0x3fU >> more);
    for (int k = 1; k <= more; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + static_cast<std::size_t>(k)]);
      if ((next & 0xc0U) != 0x80) return false;
      code = code << 6 | (next & 0x3fU);
    }
    constexpr std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (code < smallest[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    if (!welcome(code)) return false;
    i += static_cast<std::size_t>(more) + 1;
  }
  return true;
}

inline bool is_utf8(std::string_view text) {
  return is_utf8_of(text, [](std::uint32_t) { return true; });
}

/// Whether it is also without control characters (C0, DEL, C1) and without U+2028 and U+2029: one line for whatever
/// reads it.
inline bool is_one_valid_line(std::string_view text) {
  return is_utf8_of(text, [](std::uint32_t code) {
    return code >= 0x20 && (code < 0x7f || code >= 0xa0) && code != 0x2028 && code != 0x2029;
  });
}

/// Whether `text` can stand inside a JSON string's quotes: also, every backslash begins one of JSON's escapes.
inline bool is_json_string_inside(std::string_view text) {
  if (!is_one_valid_line(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return false;
    if (text[i] != '\\') continue;
    if (++i == text.size()) return false;
    if (std::string_view("\"\\/bfnrt").find(text[i]) != std::string_view::npos) continue;
    if (text[i] != 'u' || text.size() - i < 5) return false;
    for (int k = 0; k < 4; ++k)
      if (std::string_view("0123456789abcdef").find(text[++i]) == std::string_view::npos) return false;
  }
  return true;
}
