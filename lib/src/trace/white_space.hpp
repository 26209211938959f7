// RFC 9110's optional white space around header values.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir::detail {

/// The text without spaces and tabs at either end (RFC 9110, section 5.6.3).
constexpr std::string_view trim(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace weir::detail
