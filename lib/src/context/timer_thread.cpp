#include "timer_thread.hpp"

#include "immortal.hpp"
#include "start_thread.hpp"

#include <pthread.h>

#include <mutex>
#include <thread>

namespace weir::detail {
namespace {

constinit immortal<timer_thread> only;
constinit thread_local bool is_timer_thread = false;

} // namespace

timer_thread& timer_thread::instance() noexcept { return only.object; }

/// Another thread's lock would stay locked in a forked child for ever.
struct timer_fork_handlers {
  static void prepare() noexcept { only.object.mutex_.lock(); }
  static void parent() noexcept { only.object.mutex_.unlock(); }
  static void child() noexcept {
    timer_thread& timers = only.object;
    timers.timers_.clear();
    // A callback of a deadline may fork: then its thread is the child's.
    if (!is_timer_thread) {
      timers.launched_ = false;
      // Left behind, as its destructor would wait for the thread that waits there.
      static_cast<void>(timers.wake_.release());
    }
    timers.mutex_.unlock();
  }
};

namespace {
/// Before main and whatever it registers, so that this mutex is the last to be taken. Without memory for it, forks
/// are as they would be without it.
[[gnu::constructor(101)]] void register_fork_handlers() noexcept {
  ::pthread_atfork(timer_fork_handlers::prepare, timer_fork_handlers::parent, timer_fork_handlers::child);
}
} // namespace

void timer_thread::launch() {
  if (!wake_) wake_ = std::make_unique<std::condition_variable_any>();
  wakes_at_ = timer::time_point::max();
  start_thread("weir-timer", [this] { run(); }).detach();
  launched_ = true;
}

void timer_thread::prepare() {
  const std::lock_guard hold(mutex_);
  if (!launched_) launch();
}

void timer_thread::start(timer& started) {
  const std::lock_guard hold(mutex_);
  if (!launched_) launch();
  timers_.add(started);
  // A timer due after the thread's next look needs no wake-up: most are started far ahead and stopped long before.
  if (started.due() < wakes_at_) wake_->notify_one();
}

void timer_thread::stop(timer& stopped) noexcept {
  const std::lock_guard hold(mutex_);
  timers_.remove(stopped);
}

void timer_thread::run() noexcept {
  is_timer_thread = true;
  std::unique_lock hold(mutex_);
  for (;;) {
    if (timers_.empty()) {
      wakes_at_ = timer::time_point::max();
      wake_->wait(hold); // woken by start(); ends with the process
      continue;
    }
    timer& first = timers_.first();
    // A copy: the timer may be gone before the wait is over.
    const timer::time_point due = first.due();
    if (std::chrono::steady_clock::now() < due) {
      wakes_at_ = due;
      wake_->wait_until(hold, due); // woken by start() if something is due before; ends with the process
      continue;
    }
    timers_.remove(first);
    if (!first.pin()) continue;
    wakes_at_ = timer::time_point::min(); // it looks again as soon as this expiry is over
    hold.unlock();
    first.expire();
    hold.lock();
  }
}

} // namespace weir::detail
