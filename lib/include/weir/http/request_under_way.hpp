// A request whose handler is running, as seen from outside.
#pragma once

#include "weir/context/cancel_cause.hpp"
#include "weir/correlation.hpp"
#include "weir/http/outcome.hpp"

#include <chrono>
#include <string>

namespace weir {

/// What request_observer::under_way() tells of one. A value.
struct request_under_way {
  std::string method, path, route;
  correlation ids;                            ///< of trace and span; without its pointers
  std::chrono::nanoseconds running{};         ///< since it was received
  std::chrono::nanoseconds since_end{-1};     ///< since its context ended; negative: it has not
  cancel_reason reason = cancel_reason::none; ///< why that has ended
  bool stuck = false;                         ///< that was longer ago than observer_options::ignored_after
};

} // namespace weir
