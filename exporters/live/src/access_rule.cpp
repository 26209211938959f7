#include "access_rule.hpp"

#include "percent.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace weir::detail {
namespace {

/// The value in the query, decoded; a plus sign stays one, as it may be part of a token.
std::string token_of(std::string_view target) {
  constexpr std::string_view name = "token=";
  const std::size_t mark = target.find('?');
  if (mark == target.npos) return {};
  std::string_view query = target.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    if (part.starts_with(name)) return percent_decoded(part.substr(name.size()));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
  }
  return {};
}

} // namespace

operator_verdict judge(const live_visitor& visitor, const operator_access& access) {
  // The header may be a proxy's, for itself.
  std::string authorization(visitor.header("Authorization"));
  if (const std::string token = token_of(visitor.target); !token.empty()) {
    authorization = "Bearer ";
    authorization += token;
  }
  return access.judge({.peer = visitor.peer,
                       .host = requested_host(visitor.target, visitor.header("Host")),
                       .authorization = authorization,
                       .is_forwarded = !visitor.has_header || says_forwarded(visitor.has_header)});
}

} // namespace weir::detail
