// Log statements that are on the disk when the call returns.
#pragma once

#include "weir/log/stream.hpp"

#include <chrono>
#include <utility>

namespace weir {

/// Calls `statements`, which logs to loggers of `stream`, and waits until that is on the disk, at most `limit`:
///
///     const auto stored = weir::log_durably(stream, [&] { WEIR_INFO(audit, "{} pays {}", payer, amount); });
///     if (!stored || stored.written == 0) return refuse(stored.error);
///
/// Result: as of log_stream::sync(), with a mark taken before the statements. What is below its logger's level is
/// neither lost nor stored: the result is complete, and `written` does not count it. What they throw is passed on.
/// Thread-safe. Cost: the disk's; concurrent calls share it.
template <class Statements>
flush_result log_durably(log_stream& stream, Statements&& statements,
                         std::chrono::milliseconds limit = std::chrono::seconds(5)) {
  const log_mark before = stream.mark();
  std::forward<Statements>(statements)();
  return stream.sync(limit, before);
}

} // namespace weir
