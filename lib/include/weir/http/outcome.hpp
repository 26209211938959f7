// How a request can end, and where it was when it was cancelled.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

/// What the server is doing with a request.
enum class request_phase : std::uint8_t { read, handler, write };

/// The enumerator's name, which is the label `phase` of metrics and the field `cancel.phase` of the access log;
/// "unknown" for a value that is none. Points to a literal; thread-safe.
constexpr std::string_view to_string_view(request_phase phase) noexcept {
  switch (phase) {
  case request_phase::read:
    return "read";
  case request_phase::handler:
    return "handler";
  case request_phase::write:
    return "write";
  }
  return "unknown";
}

/// The way an exchange ended; each has exactly one.
enum class request_outcome : std::uint8_t {
  completed, ///< the response was written to its last byte, whatever its status
  failed,    ///< the handler threw, or the exchange was given up without an end
  cancelled, ///< its context was ended before the response was complete, or by its client before that began; the
             ///< reason says by whom
  timed_out, ///< its handler took longer than it was given, or than the caller would wait
  refused,   ///< turned away without running the handler: overload, shutdown, a caller's deadline that has passed
  protocol_error, ///< what the client sent was not a valid request
  upgraded,       ///< its connection was handed over to another protocol, whatever became of it there
};

/// The enumerator's name, which is the field `outcome` of the access log; "unknown" for a value that is none. Points
/// to a literal; thread-safe.
constexpr std::string_view to_string_view(request_outcome outcome) noexcept {
  switch (outcome) {
  case request_outcome::completed:
    return "completed";
  case request_outcome::failed:
    return "failed";
  case request_outcome::cancelled:
    return "cancelled";
  case request_outcome::timed_out:
    return "timed_out";
  case request_outcome::refused:
    return "refused";
  case request_outcome::protocol_error:
    return "protocol_error";
  case request_outcome::upgraded:
    return "upgraded";
  }
  return "unknown";
}

/// Whether the exchange came to its intended end, as far as HTTP can tell before the status is looked at.
constexpr bool ended_well(request_outcome outcome) noexcept {
  return outcome == request_outcome::completed || outcome == request_outcome::upgraded;
}

} // namespace weir
