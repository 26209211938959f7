// A limit on how many calls pass in a period of time.
#pragma once

#include "weir/log/limit.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace weir {

/// Lets at most `most` calls of all threads together pass in `period`, exactly: the first that passes opens a window
/// of that length, in which most - 1 more pass; the next window opens with the first call after its end. Two windows
/// may touch, so a period laid across their border can see up to twice as many; with `most` 1 it cannot.
/// `most`: 1 to 65535; `period`: 1 µs to 24 h. Throws std::invalid_argument naming other values; where they are
/// constants, that does not compile. Thread-safe. Cost: a clock read and one atomic operation.
/// `Clock`: std::chrono::steady_clock, or another clock in tests.
template <class Clock>
class basic_rate_limit {
 public:
  constexpr explicit basic_rate_limit(std::uint32_t most, std::chrono::microseconds period = std::chrono::seconds(1))
      : most_(most), period_(period.count()) {
    if (most < 1 || most > most_mask) detail::refuse_limit("rate_limit's most", most, "from 1 to 65535");
    if (period_ < 1 || period > std::chrono::hours(24))
      detail::refuse_limit("rate_limit's period (us)", static_cast<double>(period_), "from 1 us to 24 h");
  }

  // Out of line: beside a clock read a call costs little, and inlined it would fill every statement that is limited.
  [[gnu::noinline]] permit pass() noexcept {
    using std::chrono::microseconds;
    const auto now = std::chrono::duration_cast<microseconds>(Clock::now().time_since_epoch()).count();
    // relaxed, all: what passes is counted in one variable, which orders nothing else.
    std::uint64_t seen = window_.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
      const std::uint64_t passed = seen & most_mask;
      // Negative if the thread that opened the window has read the clock after this one.
      const std::int64_t age = now - static_cast<std::int64_t>(seen >> most_bits);
      if (passed == 0 || age >= period_)
        next = static_cast<std::uint64_t>(now) << most_bits | 1;
      else if (passed < most_)
        next = seen + 1;
      else
        return suppressed_.suppress();
      // relaxed: as above.
    } while (!window_.compare_exchange_weak(seen, next, std::memory_order_relaxed, std::memory_order_relaxed));
    return suppressed_.pass();
  }

  /// Held back since the last that passed.
  std::uint64_t unreported() const noexcept { return suppressed_.unreported(); }
  /// The same, and no permit will report it any more.
  std::uint64_t take_unreported() noexcept { return suppressed_.take_unreported(); }

 private:
  static constexpr int most_bits = 16;
  static constexpr std::uint64_t most_mask = (std::uint64_t{1} << most_bits) - 1;

  std::uint32_t most_;
  std::int64_t period_; // microseconds
  /// The window's begin, in microseconds of the clock (48 bits: 8.9 years), and how many have passed in it.
  std::atomic<std::uint64_t> window_{0};
  detail::suppressed_count suppressed_;
};

using rate_limit = basic_rate_limit<std::chrono::steady_clock>;

} // namespace weir
