// Who may see the page.
#pragma once

#include "weir/http/operator_access.hpp"
#include "weir/live/viewer.hpp"

namespace weir::detail {

/// As `access` has it, with the token also where a browser can put it: in the query, as `token=…`.
/// Thread-safe. Errors: std::bad_alloc.
operator_verdict judge(const live_visitor& visitor, const operator_access& access);

} // namespace weir::detail
