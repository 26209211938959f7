// Words that mean the same in capital and in small letters.
#pragma once

#include <algorithm>
#include <string_view>

namespace weir::detail {

// ASCII letters only.

constexpr char small_letter(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// `lower` is in lower case.
inline bool equals_in_any_case(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower, {}, small_letter);
}

} // namespace weir::detail
