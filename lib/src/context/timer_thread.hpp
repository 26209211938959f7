// The one thread of the process that lets deadlines pass.
#pragma once

#include "small_mutex.hpp"
#include "timer.hpp"
#include "timer_heap.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>

namespace weir::detail {

/// Expires timers in the order in which they are due, one after the other. The thread starts with the first timer and
/// is never joined: it and this object live until the process ends, so that contexts may be used by static objects
/// and their destructors. It sleeps while nothing is due, and blocks all signals, so that handlers run on the
/// program's own threads. A forked child starts its own with the next timer; those that it inherits pass from then
/// on. Thread safety: thread-safe.
class timer_thread {
 public:
  static timer_thread& instance();

  /// Has `started` expire when it is due. Throws std::bad_alloc, or std::system_error if there is no thread to be
  /// had.
  void start(timer& started);

  /// When it returns, the timer is not going to be touched, unless it has been pinned. Never waits for an expiry.
  void stop(timer& stopped) noexcept;

 private:
  timer_thread();
  void launch();
  [[noreturn]] void run() noexcept;

  small_mutex mutex_; // taken twice in the life of every context with a deadline, by the thread hardly ever
  std::unique_ptr<std::condition_variable_any> wake_; // made with the thread
  // All under mutex_.
  timer_heap timers_;
  timer::time_point wakes_at_ = timer::time_point::max(); // when the thread looks again by itself
  bool launched_ = false;
};

} // namespace weir::detail
