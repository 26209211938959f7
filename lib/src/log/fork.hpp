// What fork(2) leaves of a log: in the child, streams that take nothing more, and count what is logged to them.
#pragma once

#include <cstdint>
#include <mutex>

namespace weir::detail {

class stream_core;

/// Guards the process's own stream. Taken before all other locks of the library, and held across a fork.
std::mutex& process_log_mutex() noexcept;

/// How many forks this process is away from the one that the program was started in: what a process has is not its
/// child's, of which the pid need not tell, as two namespaces may have the same. Async-signal-safe.
std::uint32_t fork_count() noexcept;

/// A stream's place in the list of those that a fork has to close in the child: it gets the stream's memory, but not
/// its backend. What the child logs there is counted as dropped. (A child of clone(2), _Fork(3) or vfork(2), for
/// which the C library calls no handlers, must not log.) Thread-safe.
class fork_guard {
 public:
  explicit fork_guard(stream_core& core) noexcept;
  ~fork_guard();
  fork_guard(const fork_guard&) = delete;
  fork_guard& operator=(const fork_guard&) = delete;

  /// Calls visit(core) for each stream that is open. What it calls must neither make a stream nor let go of the last
  /// handle to one.
  template <class Visit>
  static void for_each_stream(Visit visit) {
    const std::lock_guard lock(live_mutex());
    for (fork_guard* each = first(); each != nullptr; each = each->next_) visit(each->core_);
  }
  /// For what streams know of each other.
  static std::unique_lock<std::mutex> lock() { return std::unique_lock(live_mutex()); }

 private:
  static std::mutex& live_mutex() noexcept;
  static fork_guard* first() noexcept;

  friend struct fork_handlers;
  stream_core& core_;
  fork_guard* previous_ = nullptr;
  fork_guard* next_ = nullptr;
};

} // namespace weir::detail
