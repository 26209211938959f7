// Words of HTTP that mean the same in capital and in small letters.
#pragma once

#include <algorithm>
#include <string_view>

namespace weir::detail {

/// ASCII letters only. `lower` is in lower case.
inline bool equals_in_any_case(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

} // namespace weir::detail
