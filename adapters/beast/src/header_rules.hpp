// What may stand in a header.
#pragma once

#include <algorithm>
#include <string_view>

namespace weir::detail {

/// RFC 9110 section 5.6.2: names of headers, and methods.
inline bool is_token(std::string_view text) noexcept {
  const auto is_tchar = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, is_tchar);
}

/// RFC 9110 section 5.5: no control character, which could end the header and begin something else.
inline bool is_field_value(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

} // namespace weir::detail
