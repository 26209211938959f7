// A clock for tests: time passes when the test says so.
#pragma once

#include <atomic>
#include <chrono>

namespace weir::testing {

/// A clock as the standard's, in place of std::chrono::steady_clock: weir::basic_rate_limit<manual_clock>. It begins
/// an hour after its epoch. All members are thread-safe.
struct manual_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<manual_clock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    // acquire: pairs with the release below; what a test did before it moved the clock is seen by who sees it moved.
    return time_point(duration(since_epoch.load(std::memory_order_acquire)));
  }
  static void advance(duration by) noexcept {
    // release: as above.
    since_epoch.fetch_add(by.count(), std::memory_order_release);
  }

 private:
  static inline std::atomic<rep> since_epoch{duration(std::chrono::hours(1)).count()};
};

} // namespace weir::testing
