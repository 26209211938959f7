// A histogram: how often values fell into which range.
#pragma once

#include "weir/correlation.hpp"
#include "weir/metrics/exemplars.hpp"
#include "weir/metrics/finite.hpp"
#include "weir/metrics/shard.hpp"
#include "weir/metrics/snapshot.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

namespace weir {

/// Counts observations by range and sums them up. Made by a family (family.hpp) and valid as long as its registry.
class histogram {
 public:
  /// `bounds`: the upper bounds of the buckets, each inclusive, finite and growing; a last bucket up to +Inf is
  /// added. Errors: std::invalid_argument names the bound that is out of order or not finite, or says that there is
  /// none.
  explicit histogram(std::span<const double> bounds);
  histogram(const histogram&) = delete;
  histogram& operator=(const histogram&) = delete;
  ~histogram();

  /// Counts one value, exactly. A value that is not finite is counted in the bucket it belongs to (NaN in the last)
  /// and left out of the sum, which it would spoil for ever.
  /// Thread-safe, no allocation; not async-signal-safe. Wait-free; in a thread that came when all own shards were
  /// lent (shard.hpp) the sum is lock-free. Cost: about as much as two counters.
  void observe(double value) noexcept { count(value); }

  /// The same for a duration, in seconds.
  template <class Rep, class Period>
  void observe(std::chrono::duration<Rep, Period> duration) noexcept {
    observe(std::chrono::duration<double>(duration).count());
  }

  /// The same for an observation that belongs to the trace `ids`: OpenMetrics pages show the first of each bucket
  /// since the page before as its exemplar, be the trace sampled or not. Without a trace id: observe(value).
  /// Thread-safe. Cost: a load more; the first such call for a histogram allocates the places for exemplars, 120
  /// bytes a bucket (without memory there are none), and one call for each bucket and page reads the clock.
  void observe(double value, const correlation& ids) noexcept {
    const std::size_t bucket = count(value);
    if ((ids.trace_id_high | ids.trace_id_low) == 0) return;
    // acquire: pairs with the release in make_exemplars(); the slots are there.
    detail::exemplar_slots* kept = exemplars_.load(std::memory_order_acquire);
    if (kept == nullptr) [[unlikely]]
      kept = make_exemplars();
    if (kept != nullptr) kept->offer(bucket, value, ids);
  }
  template <class Rep, class Period>
  void observe(std::chrono::duration<Rep, Period> duration, const correlation& ids) noexcept {
    observe(std::chrono::duration<double>(duration).count(), ids);
  }

  /// The observations so far. Thread-safe. Cost: reads all shards and allocates the result. Each bucket's exemplar is
  /// replaced by the first one observed after this.
  histogram_value value() const;

  std::span<const double> bounds() const noexcept { return bounds_; }

 private:
  // The padding of the bounds, in doubles: enough for the comparisons of one block to become a few vector
  // instructions.
  static constexpr std::size_t block = 8;
  static constexpr std::size_t first_bucket = 1;

  /// Counts the value and returns its bucket.
  std::size_t count(double value) noexcept {
    detail::shard_writer writer = words_.writer();
    const bool finite = detail::is_finite(value);
    const std::size_t bucket = finite ? bucket_of(value) : detail::is_negative_infinity(value) ? 0 : bounds_.size();
    writer.add(first_bucket + bucket, 1);
    if (finite) [[likely]]
      writer.add_double(0, value);
    return bucket;
  }

  /// The slots, made by this call or another thread's; nullptr if there is no memory.
  detail::exemplar_slots* make_exemplars() noexcept;

  // Comparing with a whole block of bounds costs less than finding the right one: the only branch is that between
  // blocks, and values of one kind mostly lie in the same. Not for NaN.
  std::size_t bucket_of(double value) const noexcept {
    std::size_t passed = 0;
    for (const double* at = padded_.data(); at != padded_.data() + padded_.size(); at += block) {
      // Not a sum of `!(value <= bound)`, of which GCC 12 makes a negative one at -O3 on arm64.
      std::size_t stopping = 0;
      for (std::size_t i = 0; i < block; ++i) stopping += value <= at[i];
      passed += block - stopping;
      if (stopping != 0) break;
    }
    return passed < bounds_.size() ? passed : bounds_.size();
  }

  std::vector<double> bounds_;
  // The bounds, filled up with +Inf to whole blocks.
  std::vector<double> padded_;
  // The sum, then a count for each bucket: with the lowest ones, which fast requests go to, it shares a cache line.
  detail::sharded_words words_;
  // Owned; null until the first observation with a trace.
  std::atomic<detail::exemplar_slots*> exemplars_{nullptr};
};

} // namespace weir
