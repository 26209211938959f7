// What may stand in a header.
#pragma once

#include "percent_escapes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace weir::detail {

/// A name or a value that Beast can keep, in 16 bits together with two more bytes; it throws for a longer one.
inline constexpr std::size_t longest_field_part = std::numeric_limits<std::uint16_t>::max() - 2;

/// RFC 9110 section 5.6.2: names of headers, and methods.
inline bool is_header_token(std::string_view text) noexcept {
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

/// RFC 9110 section 7.2, RFC 3986 sections 3.2.2 and 3.2.3: a name, an address, or an IPv6 address in brackets, and a
/// port. May be empty.
inline bool is_host(std::string_view text) noexcept {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_of = [](std::string_view set, char c) { return set.find(c) != set.npos; };
  const auto is_plain = [&](char c) {
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_of("-._~!$&'()*+,;=", c);
  };
  std::size_t end = 0; // of the host
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == text.npos || end < 3) return false;
    if (!std::ranges::all_of(text.substr(1, end - 1), [&](char c) { return is_plain(c) || c == ':'; })) return false;
    ++end;
  }
  while (end < text.size() && text[0] != '[' && text[end] != ':') {
    const bool is_escape = text[end] == '%' && escaped_byte(text, end) >= 0;
    if (!is_escape && !is_plain(text[end])) return false;
    end += is_escape ? 3 : 1;
  }
  if (end == text.size()) return true;
  return text[end] == ':' && std::ranges::all_of(text.substr(end + 1), is_digit);
}

} // namespace weir::detail
