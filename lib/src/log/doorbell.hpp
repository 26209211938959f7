// How the backend sleeps and is woken.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace weir::detail {

/// A ring is not lost: one that comes while nobody sleeps ends the next sleep at once. Thread-safe; one sleeper.
class doorbell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    rings_.notify_one();
  }
  /// Until a ring; woken by producers, flushes and close().
  void sleep() {
    std::unique_lock lock(mutex_);
    rings_.wait(lock, [&] { return rung_; });
    rung_ = false;
  }
  void sleep_for(std::chrono::microseconds limit) {
    std::unique_lock lock(mutex_);
    rings_.wait_for(lock, limit, [&] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable rings_;
  bool rung_ = false;
};

} // namespace weir::detail
