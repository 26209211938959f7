#include "timer_thread.hpp"

#include <csignal>
#include <thread>

#include <pthread.h>

namespace weir::detail {
namespace {

/// Blocks all signals on this thread, and so on those it starts meanwhile.
class signals_blocked {
public:
  signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &x_before);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &x_before, nullptr); }

private:
  sigset_t x_before;
};

}  // namespace

timer_thread& timer_thread::instance() {
  // Never destroyed: the thread uses it until the process is gone.
  static timer_thread* const only = new timer_thread;
  return *only;
}

void timer_thread::launch() {
  const signals_blocked blocked;
  std::thread worker([this] { run(); });
  pthread_setname_np(worker.native_handle(), "weir-timer");
  worker.detach();
  x_launched = true;
}

void timer_thread::start(timer& started) {
  const std::lock_guard hold(x_mutex);
  if (!x_launched) launch();
  x_timers.add(started);
  // A timer due after the thread's next look needs no wake-up: most are started far ahead and stopped long before.
  if (started.due() < x_wakes_at) x_wake.notify_one();
}

void timer_thread::stop(timer& stopped) noexcept {
  const std::lock_guard hold(x_mutex);
  x_timers.remove(stopped);
}

void timer_thread::run() noexcept {
  std::unique_lock hold(x_mutex);
  for (;;) {
    if (x_timers.empty()) {
      x_wakes_at = timer::time_point::max();
      x_wake.wait(hold);  // woken by start(); ends with the process
      continue;
    }
    timer& first = x_timers.first();
    // A copy: the timer may be gone before the wait is over.
    const timer::time_point due = first.due();
    if (std::chrono::steady_clock::now() < due) {
      x_wakes_at = due;
      x_wake.wait_until(hold, due);  // woken by start() if something is due before; ends with the process
      continue;
    }
    x_timers.remove(first);
    if (!first.pin()) continue;
    x_wakes_at = timer::time_point::min();  // it looks again as soon as this expiry is over
    hold.unlock();
    first.expire();
    hold.lock();
  }
}

}  // namespace weir::detail
