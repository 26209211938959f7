// A gauge: a quantity that goes up and down.
#pragma once

#include "weir/metrics/shard.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>

namespace weir {

/// A current quantity, either counted up and down by many threads or set by one. Made by a family (family.hpp) and
/// valid as long as its registry. A quantity that is known somewhere else is better read by a callback
/// (callback.hpp).
class gauge {
 public:
  gauge() : words_(1) {}

  /// Adds or takes away. Thread-safe, wait-free, no allocation, exact; not async-signal-safe. Cost: as
  /// counter::add().
  void add(std::int64_t amount = 1) noexcept { words_.writer().add(0, static_cast<std::uint64_t>(amount)); }
  void subtract(std::int64_t amount = 1) noexcept { words_.writer().add(0, 0 - static_cast<std::uint64_t>(amount)); }
  /// Only whole numbers are added; of 0.5 nothing would be left. set() takes fractions.
  template <std::floating_point Amount>
  void add(Amount amount) = delete; // a gauge adds whole numbers; set() takes fractions
  template <std::floating_point Amount>
  void subtract(Amount amount) = delete; // a gauge adds whole numbers; set() takes fractions

  /// Makes the value `value`, of whatever was added before: exactly, where `value` is whole and neither it nor what
  /// was added, on balance, reaches 2^52; otherwise rounded as a double of the larger of the two is, so that 0.1
  /// after add(3'000'000'000) is off by up to 0.0000003. Of two threads that set at the same time the later one
  /// wins; what other threads add meanwhile comes on top or is overwritten, and is never applied twice.
  /// Thread-safe and wait-free. Cost: reads all shards.
  void set(double value) noexcept {
    // relaxed: a number of its own; it publishes nothing.
    base_.store(value - counted(), std::memory_order_relaxed);
  }

  /// The quantity at this moment, off by no more than what several threads add and take away during the call: of
  /// what one adds and another takes away only half may be seen, so that a level that never fell below 0 may seem to.
  /// Thread-safe.
  double value() const noexcept {
    // relaxed: as in set().
    return base_.load(std::memory_order_relaxed) + counted();
  }

 private:
  double counted() const noexcept { return static_cast<double>(static_cast<std::int64_t>(words_.sum(0))); }

  std::atomic<double> base_{0};
  detail::sharded_words words_;
};

} // namespace weir
