// A counter: a number of events that only grows.
#pragma once

#include "weir/metrics/shard.hpp"

#include <concepts>
#include <cstdint>

namespace weir {

/// Counts events, exactly. Made by a family (family.hpp) and valid as long as its registry.
class counter {
 public:
  counter() : words_(1) {}

  /// Adds `amount` events. Thread-safe, wait-free, no allocation; not async-signal-safe.
  /// Cost: about a nanosecond; an atomic addition in a thread that came when all own shards were lent (shard.hpp).
  void add(std::uint64_t amount = 1) noexcept { words_.writer().add(0, amount); }
  /// The same for signed amounts; a negative one adds nothing, since a counter never falls. Cost: besides a
  /// constant, a comparison.
  template <std::signed_integral Amount>
  void add(Amount amount) noexcept {
    if (amount > 0) words_.writer().add(0, static_cast<std::uint64_t>(amount));
  }
  /// A counter counts whole events: of 0.5 nothing would be left. Count a smaller unit, such as nanoseconds, and show
  /// it by a callback (callback.hpp), or take the sum of a histogram.
  template <std::floating_point Amount>
  void add(Amount amount) = delete; // a counter counts whole events

  /// All events so far, from all threads: at least those whose add() happened before this call. Thread-safe.
  std::uint64_t value() const noexcept { return words_.sum(0); }

 private:
  detail::sharded_words words_;
};

} // namespace weir
