// How much, and how slowly, the clients of one route may send and take.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace weir {

/// Of a route, or a group of them; what is not set is the group's around it, and in the end the server's. The time
/// of a handler is time_limit()'s.
///
///   server.post("/upload", take_upload, {.body_limit_bytes = 64U << 20, .body_timeout = std::chrono::minutes(5)});
struct route_limits {
  /// Larger bodies get 413, before they are read if they are announced. Up to 1 GiB.
  std::optional<std::uint64_t> body_limit_bytes{};
  /// For the whole body to come, from the end of the header on; then the client gets 408. 0: no limit, to 24 h.
  std::optional<std::chrono::milliseconds> body_timeout{};
  /// For the client to send something of the body, or to take in something of the response; then it gets 408, or its
  /// connection ends within the response. One that is slow, but takes something in each such time, is served to the
  /// end. 1 ms to 1 h.
  std::optional<std::chrono::milliseconds> progress_timeout{};
};

namespace detail {

/// `limits`, and of `otherwise` what they do not have. Errors: throws std::invalid_argument naming what is out of
/// range, behind `whose`.
route_limits complete(route_limits limits, const route_limits& otherwise, const char* whose);

} // namespace detail

} // namespace weir
