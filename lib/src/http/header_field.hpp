// Under which names the access log keeps request headers.
#pragma once

#include "any_case.hpp"

#include <string>
#include <string_view>

namespace weir::detail {

/// ASCII letters only, as in names of headers and parameters.
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = small_letter(c);
  return lower;
}

/// The key of a header's field, as OpenTelemetry has it.
inline std::string header_field(std::string_view name) {
  const std::string lower = lower_case(name);
  return lower == "user-agent" ? "user_agent.original" : "http.request.header." + lower;
}

} // namespace weir::detail
