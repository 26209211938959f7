// The one thread of the process that lets deadlines pass.
#pragma once

#include "timer.hpp"
#include "timer_heap.hpp"
#include "weir/context/small_mutex.hpp"

#include <condition_variable>
#include <memory>

namespace weir::detail {

/// Expires timers in the order in which they are due, one after the other. The thread starts with the first timer, or
/// prepare(), and is never joined: it and this object live until the process ends, so that contexts may be used by
/// static objects and their destructors. It sleeps while nothing is due, and blocks all signals, so that handlers run
/// on the program's own threads. A forked child starts its own with the first timer that it starts; those that it has
/// inherited do not expire there: what they would end is the parent's.
/// Thread safety: thread-safe.
class timer_thread {
 public:
  static timer_thread& instance() noexcept;

  /// Has the thread there before it is needed, when a failure is better borne. Throws as start().
  void prepare();

  /// Has `started` expire when it is due. Throws std::bad_alloc, or std::system_error if there is no thread to be
  /// had.
  void start(timer& started);

  /// When it returns, the timer is not going to be touched, unless it has been pinned. Never waits for an expiry.
  void stop(timer& stopped) noexcept;

 private:
  template <class T>
  friend union immortal;
  friend struct timer_fork_handlers;
  constexpr timer_thread() noexcept = default;
  void launch();
  [[noreturn]] void run() noexcept;

  small_mutex mutex_; // taken twice in the life of every context with a deadline, by the thread hardly ever
  // All under mutex_.
  std::unique_ptr<std::condition_variable_any> wake_; // made with the thread
  timer_heap timers_;
  timer::time_point wakes_at_ = timer::time_point::max(); // when the thread looks again by itself
  bool launched_ = false;
};

} // namespace weir::detail
