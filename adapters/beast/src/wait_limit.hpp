// The time limit of what a connection waits for.
#pragma once

#include "server_socket.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace weir::detail {

/// What becomes of the connection when the limit has passed: the operation that waits ends either way.
enum class at_limit : std::uint8_t { cancel, close };

/// One limit at a time, begun anew for every wait:
///
///     limit.begin(options.idle_timeout, at_limit::close);
///     … an operation, or several …
///     if (limit.end()) …  // it was the limit that ended it
///
/// Beast's streams set a timer, and take it back, around every operation: two system calls where no other timer is
/// due earlier. This one runs on through the operations, and looks only when it goes off whether there is a limit
/// that has passed; it is set earlier if a limit comes before it.
///
/// That a write has not ended says little of the peer: the kernel finds room for it when a third of its buffer is
/// empty, which may be of megabytes. So the limit of a write looks, a few times, at what the peer has yet to
/// acknowledge.
///
/// Thread safety: on the socket's executor. Lifetime: the socket outlives it. Cost: begin() reads the clock, end()
/// costs nothing; the timer is set about once in the shortest of the limits that are used.
class wait_limit {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit wait_limit(server_socket& socket);
  wait_limit(const wait_limit&) = delete;
  wait_limit& operator=(const wait_limit&) = delete;

  void begin(std::chrono::milliseconds time, at_limit what) { begin(std::chrono::steady_clock::now() + time, what); }
  void begin(time_point when, at_limit what);
  /// For the peer to take in something of what was sent to it: passes when it has taken in nothing for so long, a
  /// quarter longer at most, and closes. Cost: as begin(); a system call each time that it looks.
  void begin_write(std::chrono::milliseconds time);
  /// Whether the limit that was begun last has passed.
  bool has_passed() const noexcept;
  /// There is no limit any more. The result is has_passed()'s.
  bool end() noexcept;

 private:
  struct state;
  const std::shared_ptr<state> state_; // of which the timer's handler has a weak one
};

} // namespace weir::detail
