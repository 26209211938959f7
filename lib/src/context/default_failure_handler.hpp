// Where failures go that no handler was set for. Defined above the room: contexts know nothing of the log.
#pragma once

#include "weir/context/task_failure.hpp"

namespace weir::detail {

void log_to_process_log(const task_failure& failure);

} // namespace weir::detail
