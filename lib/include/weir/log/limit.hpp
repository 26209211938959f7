// What all limits on a statement's frequency have in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace weir {

/// A limit's answer to one call: true if it may pass.
struct permit {
  bool passes = false;
  /// If it passes: how many were held back since the last that did.
  std::uint64_t suppressed = 0;
  explicit constexpr operator bool() const noexcept { return passes; }
};

namespace detail {

/// Throws std::invalid_argument: "`what` is `given`: it must be `range`". Not constexpr: where a limit is a constant,
/// as in a log statement, the compiler stops at its name.
[[noreturn]] void refuse_limit(std::string_view what, double given, std::string_view range);

/// Counts what a limit holds back. Over all permits nothing is counted twice or forgotten; calls that happen at the
/// same time may be reported by either of two permits. Thread-safe.
class suppressed_count {
 public:
  permit pass() noexcept {
    // relaxed, both: a counter that orders nothing. The load saves most passes the exchange.
    return {true, count_.load(std::memory_order_relaxed) == 0 ? 0 : count_.exchange(0, std::memory_order_relaxed)};
  }
  permit suppress() noexcept {
    // relaxed: as above.
    count_.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  std::uint64_t unreported() const noexcept {
    // relaxed: as above.
    return count_.load(std::memory_order_relaxed);
  }
  std::uint64_t take_unreported() noexcept {
    // relaxed: as above.
    return count_.exchange(0, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> count_{0};
};

} // namespace detail
} // namespace weir
