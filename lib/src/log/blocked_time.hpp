// How often and how long producers had to wait for memory, right also while they still wait.
#pragma once

#include "weir/log/clock.hpp"

#include <cstdint>
#include <mutex>

namespace weir::detail {

/// Thread-safe. The lock is taken by those who wait anyway, and by those who read statistics.
class blocked_time {
 public:
  struct totals {
    std::uint64_t calls = 0, threads = 0, nanoseconds = 0;
  };

  void begin() noexcept {
    const std::lock_guard lock(mutex_);
    ++calls_;
    ++threads_;
    ended_minus_begun_ -= monotonic_nanoseconds();
  }
  void end() noexcept {
    const std::lock_guard lock(mutex_);
    --threads_;
    ended_minus_begun_ += monotonic_nanoseconds();
  }
  totals read() const noexcept {
    const std::lock_guard lock(mutex_);
    return {calls_, threads_, ended_minus_begun_ + threads_ * monotonic_nanoseconds()};
  }

  // For the time of a fork: a child must not find it locked.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

 private:
  mutable std::mutex mutex_;
  std::uint64_t calls_ = 0, threads_ = 0;
  // The sum of all ends less that of all begins, modulo 2^64: with `now` as the end of the waits that go on, it is
  // the time waited so far.
  std::uint64_t ended_minus_begun_ = 0;
};

} // namespace weir::detail
