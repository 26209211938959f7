// What becomes of an exception that leaves a piece of work which nobody called: it is counted, and told.
#pragma once

#include "weir/context/context.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>
#include <system_error>

namespace weir {

/// A piece of work that threw. Valid while the handler is called.
struct task_failure {
  const context& ctx;       ///< under which it ran; has the request's ids
  std::string_view task;    ///< as it was named when it was started
  std::exception_ptr error; ///< never null
};

/// Takes failures, on the thread where they happen, and on several at once. What it throws is swallowed.
using task_failure_handler = std::function<void(const task_failure&)>;

/// Has `handler` take all failures of this process from now on; an empty one restores the default, which logs them
/// to the process's own log (default_log()) as errors of the logger `weir.task`, with the ids and fields of their
/// context. See also log_task_failures(). Thread-safe. Errors: throws std::bad_alloc.
/// Lifetime: a call of the previous handler may still be under way when this returns.
void set_task_failure_handler(task_failure_handler handler);

/// Counts the failure and gives it to the handler: for who runs work of others, and catches what that throws. Task
/// groups, done callbacks and the adapters do so themselves. Does nothing if `error` is null. Thread-safe, but for
/// what the handler is. Cost: the handler's.
void report_task_failure(const context& ctx, std::string_view task, std::exception_ptr error) noexcept;

/// How many there were in this process. Thread-safe. Cost: one load.
std::uint64_t task_failures() noexcept;

/// The code that a std::system_error or a std::future_error carries; of any other exception, and of null, empty.
/// Thread-safe. Cost: throws and catches it again, a microsecond or two.
std::error_code error_code_of(const std::exception_ptr& error) noexcept;

/// Whether work under `ctx` that ended with `error` did so because the context had ended, which is no failure: the
/// context is done, and the error's code is its, or equivalent to std::errc::operation_canceled.
bool ended_with(const context& ctx, const std::exception_ptr& error) noexcept;
/// The same of an error that is known by its code.
bool ended_with(const context& ctx, const std::error_code& code) noexcept;

} // namespace weir
