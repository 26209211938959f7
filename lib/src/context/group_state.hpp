// What a group and its tasks share.
#pragma once

#include "weir/context/group_result.hpp"
#include "weir/context/task_group.hpp"
#include "weir/context/with_cancel.hpp"

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace weir::detail {

/// Thread-safe.
class group_state {
 public:
  group_state(const context& parent, on_failure policy) : made_(with_cancel(parent)), policy_(policy) {}

  const context& ctx() const noexcept { return made_.ctx; }
  void cancel(cancel_cause cause) const noexcept { made_.cancel(std::move(cause)); }

  void enter();
  /// How a task has ended; its leave() follows. Runs code of the user's, which must not wait for the group.
  /// `ctx`: what the task worked under. `error`: null if it succeeded; `failed`: whether it is not for the end of
  /// that. `code`: the error's, or empty.
  void record(std::string task, const context& ctx, bool failed, std::exception_ptr error,
              std::error_code code) noexcept;
  void record_unstarted() noexcept;
  void leave() noexcept;

  /// Blocks until no task is left, or until `*limit`; whether none is.
  bool wait(const context::time_point* limit);
  /// Calls `function` when no task is left: at once, or on the thread that ends the last one.
  void when_idle(std::function<void()> function);
  group_result result() const;

 private:
  void call(const std::function<void()>& function) const noexcept;

  const cancellable made_;
  const on_failure policy_;

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  // All under mutex_.
  std::size_t running_ = 0;
  group_result result_; // but for `error`
  std::vector<std::function<void()>> when_idle_;
};

} // namespace weir::detail
