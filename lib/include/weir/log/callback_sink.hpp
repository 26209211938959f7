// The callback sink: records to a function.
#pragma once

#include "weir/log/sink.hpp"

#include <functional>
#include <memory>
#include <string>

namespace weir {

/// Calls `on_record` for each record, on the backend thread. The record is a view that is valid during the call: copy
/// what is to stay. While the function runs nothing else is written, so it should be quick (or stand
/// on_own_thread()), and must not wait for a thread that may be logging. It must not log to the stream that calls it:
/// what it logs comes back to it, and a full queue could never be emptied. What it throws is counted as the record's
/// loss and reported. `name` is what reports call the sink. Errors: throws std::invalid_argument if the function is
/// empty.
std::shared_ptr<sink> callback_sink(std::function<void(const record&)> on_record, std::string name = "callback");

} // namespace weir
