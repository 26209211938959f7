// What a log call does when the memory limit is reached.
#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

/// Applies when every chunk that the limit allows holds records still to be written. Whatever is dropped is counted
/// by reason (log_stats), shown as a metric while it happens, and reported by the log itself. Calls from a sink
/// do not wait where theirs is the thread that they would wait for in the end: for their own stream, or for another
/// one that waits for it. They drop the newest.
enum class overflow_policy : std::uint8_t {
  block,            ///< waits for a chunk: nothing is lost, and the program goes at the pace of the slowest sink
  block_with_limit, ///< waits for so long, then drops the record
  drop_newest,      ///< drops the record: the program is never held up, and the log ends where the overload began
  /// Drops the oldest records that the backend has not begun to read, a chunk at a time, even while a sink hangs: the
  /// program is never held up, and the log resumes with what was logged last. Only records of loggers that drop the
  /// oldest are dropped for this; where there are none, as when all memory is in the chunks that threads are filling
  /// (keep the limit above twice chunk_bytes for each thread that logs), the newest is.
  drop_oldest,
};

/// A policy with its limit; converts from the policy alone.
struct overflow_rule {
  // NOLINTNEXTLINE(google-explicit-constructor): `.overflow = overflow_policy::block` is how it is meant to be read.
  constexpr overflow_rule(overflow_policy what = overflow_policy::block,
                          std::chrono::milliseconds at_most = std::chrono::milliseconds(100)) noexcept
      : policy(what), limit(at_most) {}

  overflow_policy policy;
  /// How long one call waits under block_with_limit; 0 to 1 hour, default 100 ms. Every call waits anew: a thread
  /// that logs on while a sink hangs advances by one call per limit.
  std::chrono::milliseconds limit;
};

} // namespace weir
