// How the backend sleeps and is woken.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace weir::detail {

/// A ring is not lost: one that comes while nobody sleeps ends the next sleep at once. Thread-safe; one sleeper.
/// Cost: of a second ring before the sleeper has answered the first, one atomic exchange.
class doorbell {
 public:
  void ring() noexcept {
    // acq_rel: pairs with the exchange in answer(); the sleeper sees what came before the ring.
    if (rung_.exchange(true, std::memory_order_acq_rel)) return;
    { const std::lock_guard lock(mutex_); } // the sleeper has not looked yet, or it waits already
    rings_.notify_one();
  }
  /// Until a ring; woken by producers, flushes and close().
  void sleep() {
    std::unique_lock lock(mutex_);
    rings_.wait(lock, [&] { return answer(); });
  }
  void sleep_for(std::chrono::microseconds limit) {
    std::unique_lock lock(mutex_);
    rings_.wait_for(lock, limit, [&] { return answer(); });
  }

 private:
  // acq_rel: pairs with the exchange in ring().
  bool answer() noexcept { return rung_.exchange(false, std::memory_order_acq_rel); }

  std::mutex mutex_;
  std::condition_variable rings_;
  std::atomic<bool> rung_{false};
};

} // namespace weir::detail
