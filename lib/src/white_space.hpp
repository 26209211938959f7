// Spaces and tabs around what is meant.
#pragma once

#include <string_view>

namespace weir::detail {

/// The text without spaces and tabs at either end: of a header's value, what RFC 9110, section 5.6.3, means.
constexpr std::string_view trim(std::string_view text) noexcept {
  // Not find_first_not_of(), which calls memchr for every character.
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

} // namespace weir::detail
