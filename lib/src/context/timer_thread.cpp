#include "timer_thread.hpp"

#include <pthread.h>

#include <csignal>
#include <mutex>
#include <thread>

namespace weir::detail {
namespace {

/// Blocks all signals on this thread, and so on those it starts meanwhile.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

} // namespace

timer_thread& timer_thread::instance() {
  // Never destroyed: the thread uses it until the process is gone.
  static timer_thread* const only = new timer_thread;
  return *only;
}

timer_thread::timer_thread() {
  // Should memory run out here, forks are as they would be without it: a child may find the mutex taken for ever.
  ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                   [] {
                     instance().launched_ = false;
                     instance().mutex_.unlock();
                   });
}

void timer_thread::launch() {
  // Left behind in a forked child, where it would wait for ever for its parent's thread to be gone.
  static_cast<void>(wake_.release());
  wake_ = std::make_unique<std::condition_variable_any>();
  wakes_at_ = timer::time_point::max();
  const signals_blocked blocked;
  std::thread worker([this] { run(); });
  pthread_setname_np(worker.native_handle(), "weir-timer");
  worker.detach();
  launched_ = true;
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
