// Lists of `key=value` members separated by commas, as tracestate and baggage keep them: as one text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::detail {

/// Cuts the part before the first comma off `rest`.
inline std::string_view next_member(std::string_view& rest) noexcept {
  const std::size_t comma = rest.find(',');
  const std::string_view member = rest.substr(0, comma);
  rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  return member;
}

/// Of a member without white space around its key.
inline std::string_view key_of(std::string_view member) noexcept { return member.substr(0, member.find('=')); }

/// Removes the member under `key` from `list`; true if there was one.
inline bool erase_member(std::string& list, std::string_view key) noexcept {
  for (std::string_view rest = list; !rest.empty();) {
    const std::string_view member = next_member(rest);
    if (key_of(member) != key) continue;
    const auto at = static_cast<std::size_t>(member.data() - list.data());
    // One comma goes with the member: the one after it, or for the last member the one before it.
    if (at + member.size() < list.size())
      list.erase(at, member.size() + 1);
    else
      list.erase(at == 0 ? 0 : at - 1);
    return true;
  }
  return false;
}

} // namespace weir::detail
