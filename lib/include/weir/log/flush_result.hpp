// What a flush, a sync or a close has achieved, and the moment from which it counts.
#pragma once

#include <cstdint>
#include <system_error>

namespace weir {

/// A moment in a stream's life, got from log_stream::mark() before something is logged whose fate matters: flush()
/// and sync() count from there. One made by default is the stream's beginning.
struct log_mark {
  std::uint64_t written = 0;       ///< records taken by all their sinks so far
  std::uint64_t lost = 0;          ///< records dropped so far, for whatever reason
  std::uint64_t lost_by_sinks = 0; ///< those of them that a sink failed to take
  std::uint64_t failed_syncs = 0;  ///< how often sinks could not make durable what they had taken
};

/// What reached the sinks and what did not; converts to `complete`.
struct flush_result {
  /// flush() and close(): nothing that was logged before the call is still queued or in a sink's buffer. sync(): and
  /// all of it is on the disk; false then, too, if since the mark anything was lost or any sync has failed.
  bool complete = false;
  std::uint64_t written = 0; ///< records taken by all their sinks since the mark
  std::uint64_t lost = 0;    ///< records dropped since the mark, for whatever reason: see log_stats
  /// What was recorded and not yet written when the limit passed, bytes; 0 if complete. Exact to a chunk a thread.
  std::uint64_t pending_bytes = 0;
  /// Why it is not complete, or what the lost records were lost to. A sink's own error, or
  ///   std::errc::timed_out                       the limit has passed
  ///   std::errc::no_buffer_space                 records were dropped before they came to the sinks
  ///   std::errc::operation_canceled              the stream is closed
  ///   std::errc::resource_deadlock_would_occur   called from a sink or a callback, which must not wait for itself
  ///   std::errc::operation_not_supported         in a forked child, which has no backend
  std::error_code error;

  explicit operator bool() const noexcept { return complete; }
};

} // namespace weir
