// A sink for some of the records.
#pragma once

#include "weir/log/sink.hpp"

#include <functional>
#include <memory>

namespace weir {

/// Hands on to `target` the records that `predicate` takes: by level, by logger_name(), by a field
/// (record::append_raw_field()). It is called on the backend's thread for each record that reaches the threshold, the
/// lines on losses too, which are logger "weir"'s; the record is a view that is valid during the call. It should be
/// quick, and must not log to the stream that calls it. What it throws is counted as the record's loss to this sink,
/// and reported; other sinks have the record.
///
/// The stats() of the sink that is returned are those of the records that `predicate` and `target` take: one that is
/// held back is neither offered nor written nor lost, as one below the threshold; log_durably() does not wait for
/// what nobody takes. `target` counts nothing itself. Where it is on_own_thread(), the predicate is called on
/// the stream's thread, and only what it takes is copied; on_own_thread(filtered(…)) calls it on that thread, and
/// counts all that is handed over.
///
/// Takes its name and threshold from `target`, whose own threshold holds, too; flush, sync and reopen() go through.
/// `target` belongs to it until it is gone: for two kinds of records in one file make one predicate of two. Errors:
/// throws std::invalid_argument if `target` is null or belongs to a stream or to another sink before it, or if
/// `predicate` is empty. Cost: a call of `predicate` for each record.
std::shared_ptr<sink> filtered(std::shared_ptr<sink> target, std::function<bool(const record&)> predicate);

} // namespace weir
