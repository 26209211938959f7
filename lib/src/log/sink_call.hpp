// What is handed to a sink, by whoever has it.
#pragma once

#include "weir/log/record.hpp"
#include "weir/log/sink.hpp"

namespace weir::detail {

/// For the stream, and for sinks that stand before another one.
class sink_call {
 public:
  /// Hands a record on, unless it is below the threshold. Returns whether it is the sink's: neither below that nor
  /// declined. Throws what sink::append() throws: then it is the sink's, and lost.
  static bool append(sink& target, const record& entry) {
    if (entry.severity() < target.threshold()) return false;
    target.declined_ = false; // what a sink that calls this one by itself may have left
    target.append(entry);
    return !target.declined_;
  }
  /// See sink::is_announcement().
  static void mark(sink& target, bool announcing) noexcept { target.announcing_ = announcing; }
};

} // namespace weir::detail
