// For each bucket of a histogram a recent observation and its trace, at one load an observation.
//
//            offer(), one observer                 at its end
//   wanted ────────────────────────► being_written ──────────► kept
//     ▲                                                          │
//     └────────────── collect() takes it along ◄─────────────────┘
//
// So from one scrape to the next a single observation of each bucket is written down, and only then is a clock read.
#pragma once

#include "weir/correlation.hpp"
#include "weir/metrics/snapshot.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace weir::detail {

/// Thread-safe.
class exemplar_slots {
 public:
  explicit exemplar_slots(std::size_t buckets);

  /// Keeps this observation if the bucket wants one. Wait-free; allocates nothing.
  void offer(std::size_t bucket, double value, const correlation& ids) noexcept {
    // relaxed: a guess that spares most observations the exchange, which decides.
    if (slots_[bucket].now.load(std::memory_order_relaxed) == state::wanted) [[unlikely]]
      write_down(slots_[bucket], value, ids);
  }

  /// The latest of each bucket, in their order; one that never had any has none (exemplar::exists()). From now on
  /// each bucket wants another. Errors: std::bad_alloc.
  std::vector<exemplar> collect();

 private:
  enum class state : std::uint8_t { wanted, being_written, kept };
  struct slot {
    std::atomic<state> now{state::wanted};
    // Of whoever made it being_written; once it is kept, of collect().
    exemplar written;
  };

  static void write_down(slot& into, double value, const correlation& ids) noexcept;

  std::vector<slot> slots_;
  std::mutex mutex_; // of those who collect
  std::vector<exemplar> latest_;
};

} // namespace weir::detail
