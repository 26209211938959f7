#include "weir/log_task_failures.hpp"

#include "context/default_failure_handler.hpp"
#include "weir/context/context_scope.hpp"
#include "weir/log/macros.hpp"
#include "weir/log/stream.hpp"

namespace weir {

void log_task_failure(logger& log, const task_failure& failure) {
  const context_scope under(failure.ctx);
  WEIR_ERROR(log, "{} failed: {}", failure.task, failure.error, field<"task">(failure.task));
}

void log_task_failures(logger& log) {
  set_task_failure_handler([&log](const task_failure& failure) { log_task_failure(log, failure); });
}

void detail::log_to_process_log(const task_failure& failure) {
  // Looked up each time: it may be another one after start_logging(), or in a forked child.
  log_task_failure(default_log().get_logger("weir.task"), failure);
}

} // namespace weir
