// One task's place in a group.
#pragma once

#include "weir/context/canceller.hpp"
#include "weir/context/context.hpp"
#include "weir/context/done_registration.hpp"

#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace weir {

namespace detail {
class group_state;
struct group_access;
} // namespace detail

/// What a group waits for: a task that has been announced and has not ended yet. For work that is no function, such
/// as an operation with a callback; functions have task_group::task(). If it is destroyed before it was told how the
/// task ended, because a thread pool or an io_context dropped the work, the task was cancelled if its context has
/// ended, and else has failed with std::future_errc::broken_promise. Thread safety: thread-compatible; entries of one
/// group may be used at the same time. May outlive the group.
class [[nodiscard]] group_entry {
 public:
  /// Has ended already.
  group_entry() noexcept = default;
  group_entry(group_entry&&) noexcept = default;
  group_entry& operator=(group_entry&& other) noexcept;
  ~group_entry() { drop(); }

  /// What the task is to work under: the group's context, or one of its own that ends with that. The background once
  /// the task has ended.
  const context& ctx() const noexcept { return ctx_; }

  /// The task has ended: well, or with `error`, which is reported as a failure unless it is for the context's end
  /// (see ended_with()). Does nothing if it has ended already.
  void end(std::exception_ptr error = nullptr) noexcept;
  /// The same for an exception whose code error_code_of() does not know, such as Boost's.
  void end(std::exception_ptr error, std::error_code code) noexcept;
  /// The task will not be started, because the context has ended.
  void skip() noexcept;

  explicit operator bool() const noexcept { return group_ != nullptr; }

 private:
  friend struct detail::group_access;
  group_entry(std::shared_ptr<detail::group_state> group, std::string task);
  group_entry(std::shared_ptr<detail::group_state> group, std::string task, const context& ctx);
  std::shared_ptr<detail::group_state> leave() noexcept;
  void drop() noexcept;

  std::shared_ptr<detail::group_state> group_;
  std::string task_;
  context ctx_;
  // Of a task with a context of its own: what ends that, and what does so when the group's ends.
  canceller cancel_;
  done_registration link_;
};

} // namespace weir
