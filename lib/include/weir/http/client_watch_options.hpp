// What makes a client count as gone, and from when on a request is watched for it.
#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

/// What a client means that closes its sending side and keeps the other open (RFC 9112 section 9.6 leaves it open).
enum class half_close_policy : std::uint8_t {
  cancel, ///< it has gone: what nearly all clients mean, since the two look the same from here
  ignore, ///< it still waits for the response; only a broken connection counts
};

/// How a client is watched. A value out of range makes the watch's constructor throw std::invalid_argument naming it.
struct client_watch_options {
  /// Default cancel. With ignore, a client that closes its side and goes is noticed only when something is sent to it
  /// and comes back as a reset: handlers then work on for clients that have gone.
  half_close_policy half_close = half_close_policy::cancel;
  /// A request is watched once it has been under way for this long: default 10 ms, 1 ms to 1 s. Requests that are
  /// faster pay nothing but a place in a list; a client that goes sooner is noticed when this time is over. Raising
  /// it saves two system calls for each request that is done by then, and lets the others go on for nobody for
  /// longer. client_watch keeps it in steps of 5 ms, in which young requests are looked at.
  std::chrono::milliseconds arm_after{10};
};

} // namespace weir
