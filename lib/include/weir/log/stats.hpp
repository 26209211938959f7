// What a stream knows about itself.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <type_traits>

namespace weir {

/// How many observations were above one bound and at or below the next.
template <const auto& Bounds>
struct log_distribution {
  using value = std::remove_cvref_t<decltype(Bounds[0])>;
  static constexpr const auto& bounds = Bounds;

  std::array<std::uint64_t, Bounds.size() + 1> counts{}; ///< the last: above all bounds
  value sum{};                                           ///< of all observations

  std::uint64_t count() const noexcept { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }
};

namespace detail {
inline constexpr std::array<std::uint64_t, 6> batch_bounds{1, 10, 100, 1000, 10'000, 100'000};
/// From memory to a disk that has stalled.
inline constexpr std::array<std::chrono::nanoseconds, 7> io_bounds{
    std::chrono::microseconds(10), std::chrono::microseconds(100), std::chrono::milliseconds(1),
    std::chrono::milliseconds(10), std::chrono::milliseconds(100), std::chrono::seconds(1),
    std::chrono::seconds(10)};
} // namespace detail

/// Counters of a stream. At every flush `accepted == written + dropped()`, and never is accepted less. All but the
/// last group never fall.
struct log_stats {
  /// Calls at or above the threshold that have come to an end, either way. What is still queued is not among them:
  /// while a sink hangs they stand still, and queue_bytes grows.
  std::uint64_t accepted = 0;
  std::uint64_t written = 0; ///< taken by every sink that was to have them

  // What was dropped, by reason.
  std::uint64_t dropped_queue_full = 0;       ///< the memory limit was reached and the newest record had to go
  std::uint64_t dropped_block_limit = 0;      ///< waited for memory as long as the logger allows
  std::uint64_t dropped_displaced = 0;        ///< the oldest, to make room for newer ones
  std::uint64_t dropped_too_many_threads = 0; ///< larger than what idle threads' chunks leave of the limit
  std::uint64_t dropped_closed = 0;           ///< logged after close(), or in a forked child
  std::uint64_t dropped_unrenderable = 0;     ///< no memory to render an argument
  std::uint64_t dropped_sink = 0;             ///< a sink failed to take them

  /// Statements that their limits have held back (WEIR_LOG_LIMITED), and access records: neither accepted nor
  /// dropped.
  std::uint64_t suppressed = 0;

  // What the program waited for the log. Waits that have not ended count up to now.
  std::uint64_t blocked_calls = 0;
  std::chrono::nanoseconds blocked_time{}; ///< of all threads together

  // What went on at the sinks.
  log_distribution<detail::batch_bounds> batch_records{}; ///< records in one batch
  log_distribution<detail::io_bounds> write_time{};       ///< of one batch, in the commit of all its sinks together
  log_distribution<detail::io_bounds> flush_time{};       ///< of one flush, of all sinks that had something
  log_distribution<detail::io_bounds> sync_time{};        ///< of one sync, likewise
  std::uint64_t sink_errors = 0;                          ///< failed appends, commits, flushes and syncs

  // What became of records below their level; see recording.hpp.
  std::uint64_t recorder_emitted = 0;     ///< written after all; accepted and written count them, too
  std::uint64_t recorder_overwritten = 0; ///< forgotten for lack of room, in recordings that were emitted
  std::uint64_t recorder_refused = 0;     ///< found no memory, or a thread stopped amid another record

  // The present state.
  std::uint64_t queue_bytes = 0;  ///< recorded and not yet rendered, to within a chunk for each thread
  std::uint64_t memory_bytes = 0; ///< allocated for chunks
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t recorder_bytes = 0;  ///< allocated for recordings
  std::uint64_t blocked_threads = 0; ///< waiting for memory

  std::uint64_t dropped() const noexcept {
    return dropped_queue_full + dropped_block_limit + dropped_displaced + dropped_too_many_threads + dropped_closed +
           dropped_unrenderable + dropped_sink;
  }
};

} // namespace weir
