// The part of a URL that may hold a password.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir::detail {

/// RFC 3986 section 3.2.1: what stands before the host of the first authority in `text`, with its `@`; empty if there
/// is nothing. A view into `text`.
inline std::string_view userinfo_of(std::string_view text) noexcept {
  const std::size_t slashes = text.find("//");
  if (slashes == text.npos) return {};
  const std::string_view authority = text.substr(slashes + 2);
  const std::size_t at = authority.substr(0, authority.find_first_of("/?#")).rfind('@');
  return authority.substr(0, at + 1); // 0 if there is none
}

} // namespace weir::detail
