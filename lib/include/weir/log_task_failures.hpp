// Failed tasks in the log: above the rooms of contexts and of the log, which know nothing of each other.
#pragma once

#include "weir/context/task_failure.hpp"
#include "weir/log/logger.hpp"

namespace weir {

/// Logs one failure as an error, under the ids and the fields of its context: what a handler of your own may want to
/// do besides. Thread-safe. Errors: throws nothing. Cost: a log call's.
void log_task_failure(logger& log, const task_failure& failure);

/// Has all failures of this process logged by `log`, instead of the process's own log:
/// set_task_failure_handler() with log_task_failure(). Errors: as that. Lifetime: `log` and its stream outlive all
/// work under contexts, or another handler is set before they go.
void log_task_failures(logger& log);

} // namespace weir
