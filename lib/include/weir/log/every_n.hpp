// Limits that count calls: one in n, the first n, once.
#pragma once

#include "weir/log/limit.hpp"

#include <atomic>
#include <bit>
#include <cstdint>

namespace weir {

/// Lets the first call pass and every n-th after it: of all calls by all threads exactly one in n. `n`: from 1.
/// Throws std::invalid_argument naming another value; where it is a constant, that does not compile. Thread-safe.
/// Cost: one atomic addition.
class every_n {
 public:
  constexpr explicit every_n(std::uint64_t n) : n_(n) {
    if (n == 0) detail::refuse_limit("every_n's n", 0, "at least 1");
    // Newton's iteration doubles the right bits of the odd part's inverse modulo 2^64, of which the odd part itself
    // has three.
    const std::uint64_t odd = n >> twos_;
    inverse_ = odd;
    for (int bits = 3; bits < 64; bits *= 2) inverse_ *= 2 - odd * inverse_;
  }

  permit pass() noexcept {
    // relaxed: a counter that orders nothing.
    const std::uint64_t before = calls_.fetch_add(1, std::memory_order_relaxed);
    if (!is_multiple(before)) return {};
    // relaxed, both: as above. Mostly nothing is taken.
    const std::uint64_t taken =
        taken_.load(std::memory_order_relaxed) == 0 ? 0 : taken_.exchange(0, std::memory_order_relaxed);
    return {true, before == 0 ? 0 : n_ - 1 - taken};
  }

  /// Held back since the last that passed, and not taken.
  std::uint64_t unreported() const noexcept {
    // relaxed: as above.
    return beyond(taken_.load(std::memory_order_relaxed));
  }
  /// The same, and no permit will report it any more.
  std::uint64_t take_unreported() noexcept {
    // relaxed, both: as above. What another thread takes, or reports by a permit, at the same time is not taken
    // again.
    std::uint64_t taken = taken_.load(std::memory_order_relaxed);
    std::uint64_t more = 0;
    do {
      more = beyond(taken);
      // relaxed: as above.
    } while (more != 0 && !taken_.compare_exchange_weak(taken, taken + more, std::memory_order_relaxed));
    return more;
  }

 private:
  /// How many more than `taken` were held back since the last that passed.
  std::uint64_t beyond(std::uint64_t taken) const noexcept {
    // relaxed: as above.
    const std::uint64_t calls = calls_.load(std::memory_order_relaxed);
    const std::uint64_t held_back = calls == 0 ? 0 : (calls - 1) % n_;
    return held_back > taken ? held_back - taken : 0;
  }
  /// value % n == 0, without the division, which would be the dearest part of a call that is held back (H. S. Warren,
  /// Hacker's Delight, 2nd ed., 10-17).
  bool is_multiple(std::uint64_t value) const noexcept {
    return std::rotr(value * inverse_, twos_) <= UINT64_MAX / n_;
  }

  std::uint64_t n_;
  int twos_ = std::countr_zero(n_);
  std::uint64_t inverse_ = 0; // of n's odd part, modulo 2^64
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> taken_{0}; // of what was held back since the last that passed: at most n - 1
};

/// Lets the first n calls of all threads together pass, exactly, and none after them. What it holds back is not
/// told in the log; a statement's stream counts it (log_stats::suppressed). Thread-safe. Cost: of a call that is
/// held back one load.
class first_n {
 public:
  constexpr explicit first_n(std::uint64_t n) noexcept : n_(n) {}

  permit pass() noexcept {
    // relaxed, both: a counter that orders nothing. The load keeps it from running on, and its cache line shared.
    return {calls_.load(std::memory_order_relaxed) < n_ && calls_.fetch_add(1, std::memory_order_relaxed) < n_, 0};
  }

 private:
  std::uint64_t n_;
  std::atomic<std::uint64_t> calls_{0};
};

/// Lets one call pass, of all threads together.
constexpr first_n once() noexcept { return first_n(1); }

} // namespace weir
