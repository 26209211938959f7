#include "group_state.hpp"

#include "weir/context/task_failure.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace weir::detail {

namespace {

/// Why the others are called off.
cancel_cause cause_of(const std::string& task, std::error_code code) noexcept {
  cancel_cause cause{.reason = cancel_reason::application, .error = code};
  try {
    cause.text = task + " failed";
  } catch (const std::bad_alloc&) { // calling them off matters more
  }
  return cause;
}

/// Whether it is of a group within this one, which has reported each failure of its own.
bool was_reported(const std::exception_ptr& error) noexcept {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const group_error&) {
    return true;
  } catch (...) {
  }
  return false;
}

} // namespace

void group_state::enter() {
  const std::lock_guard hold(mutex_);
  // Room for the failure of each task that runs: record() cannot ask for it.
  const std::size_t needed = std::min(result_.failures.size() + running_ + 1, group_result::most_failures);
  const std::size_t room = result_.failures.capacity();
  if (needed > room) result_.failures.reserve(std::max(needed, 2 * room));
  ++running_;
}

void group_state::record(std::string task, const context& ctx, bool failed, std::exception_ptr error,
                         std::error_code code) noexcept {
  // Whoever waits finds the failure told already.
  if (failed && !was_reported(error)) report_task_failure(ctx, task, error);
  bool cancels = failed && policy_ == on_failure::cancel_rest;
  cancel_cause cause = cancels ? cause_of(task, code) : cancel_cause{};
  {
    const std::lock_guard hold(mutex_);
    // The first alone, so that the cause is the failure that the result lists first.
    cancels = cancels && result_.failed == 0;
    ++(failed ? result_.failed : error ? result_.canceled : result_.succeeded);
    if (failed && result_.failures.size() < group_result::most_failures)
      result_.failures.push_back({std::move(task), std::move(error)}); // enter() has made room
  }
  if (cancels) made_.cancel(std::move(cause));
}

void group_state::record_unstarted() noexcept {
  const std::lock_guard hold(mutex_);
  ++result_.canceled;
}

void group_state::leave() noexcept {
  std::vector<std::function<void()>> told;
  {
    const std::lock_guard hold(mutex_);
    if (--running_ != 0) return;
    told.swap(when_idle_);
    idle_.notify_all();
  }
  for (const auto& each : told) call(each);
}

void group_state::call(const std::function<void()>& function) const noexcept {
  try {
    function();
  } catch (...) {
    report_task_failure(ctx(), "when_idle", std::current_exception());
  }
}

bool group_state::wait(const context::time_point* limit) {
  std::unique_lock hold(mutex_);
  const auto is_idle = [this] { return running_ == 0; };
  if (limit) return idle_.wait_until(hold, *limit, is_idle);
  idle_.wait(hold, is_idle);
  return true;
}

void group_state::when_idle(std::function<void()> function) {
  {
    const std::lock_guard hold(mutex_);
    if (running_ != 0) {
      when_idle_.push_back(std::move(function));
      return;
    }
  }
  call(function);
}

group_result group_state::result() const {
  group_result all = [this] {
    const std::lock_guard hold(mutex_);
    return result_;
  }();
  all.error = ctx().error();
  return all;
}

} // namespace weir::detail
