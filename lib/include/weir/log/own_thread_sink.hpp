// A thread for a sink that may block.
#pragma once

#include "weir/log/sink.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

namespace weir {

/// A value outside its range throws std::invalid_argument naming it.
struct own_thread_options {
  /// Records that wait for the sink, as bytes; 64 KiB to 1 GiB, default 4 MiB. More rides out longer stalls.
  std::size_t buffer_bytes = std::size_t{4} << 20;
  /// How long a flush of the stream, and the sink's destruction, wait for what the buffer holds; 0 to 1 minute,
  /// default 1 s. A flush that has waited in vain is the last to wait until the sink moves again.
  std::chrono::milliseconds drain_limit{1000};
};

/// Runs `target` on a thread of its own, so that one which blocks (a pipe that nobody reads, a network file system
/// that is away) stalls itself alone. The stream's thread copies each record into a bounded buffer; when that is
/// full, the rest of the batch is lost to this sink: the newest records, counted as dropped by it, in its stats() and
/// in the stream's.
///
/// What is in the buffer counts as written in the stream's own numbers. What `target` loses after that is counted in
/// the stats() of the sink that is returned, and reported on standard error, once a second at most. Destroyed while
/// `target` blocks, it leaves the thread behind, which ends, with `target`, when it can.
///
/// Takes its name and threshold from `target`, whose own threshold holds, too; `target` belongs to its thread until
/// that has ended, and its renderer runs there. Formatters of copy_safe types may run on that thread and on the
/// stream's at the same time. Cost: a copy of each record, and a lock for each batch. Errors: throws
/// std::invalid_argument if `target` is null or belongs to a stream or another sink, std::system_error if there can
/// be no thread.
std::shared_ptr<sink> on_own_thread(std::shared_ptr<sink> target, own_thread_options options = {});

} // namespace weir
