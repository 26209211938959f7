// Several pieces of work as one: all are waited for, the rest is called off when one fails, and every error is kept.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/context_scope.hpp"
#include "weir/context/group_entry.hpp"
#include "weir/context/group_result.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace weir {

class task_group;

/// What a group does when a task fails.
enum class on_failure : std::uint8_t {
  cancel_rest, ///< ends the group's context: the other tasks stop as soon as they heed it
  keep_going,  ///< the others go on
};

namespace detail {

/// While it lives, this thread runs a task of that group, which must not wait for itself.
class group_membership {
 public:
  explicit group_membership(const void* group) noexcept;
  group_membership(const group_membership&) = delete;
  group_membership& operator=(const group_membership&) = delete;
  ~group_membership();

  static bool is_in(const void* group) noexcept;

 private:
  const void* const group_;
  const group_membership* const outer_;
};

/// Groups without an owner that waits, for the adapters: such a one goes with the last of its entries.
struct group_access {
  static std::shared_ptr<group_state> share(const task_group& group) noexcept;
  static std::shared_ptr<group_state> make(const context& parent, on_failure policy);
  static group_entry enter(const std::shared_ptr<group_state>& group, std::string name);
  static group_entry enter(const std::shared_ptr<group_state>& group, std::string name, const context& ctx);
  static const context& ctx(const group_state& group) noexcept;
  static void cancel(const group_state& group, cancel_reason reason) noexcept;
  static void when_idle(group_state& group, std::function<void()> function);
  static group_result result(const group_state& group);
};

} // namespace detail

/// A task's function, to be called once by whoever runs it. Copies are the same task: the first call counts, and
/// the others do nothing. When the last copy goes uncalled the task has failed, see group_entry.
template <typename Function>
class group_task {
 public:
  /// The task is announced by `enter()`, last: what throws before has announced nothing.
  template <typename Argument, typename Enter>
  group_task(const void* group, Argument&& function, Enter enter)
      : once_(std::make_shared<once>(group, std::forward<Argument>(function))) {
    once_->entry = enter();
  }

  /// Runs the function, unless the group's context has ended by then, with that as the current context. Throws
  /// nothing.
  void operator()() const noexcept {
    // acq_rel: the one that sets it has what the maker of the task wrote; the others leave it alone.
    if (!once_->called.exchange(true, std::memory_order_acq_rel)) once_->run();
  }

 private:
  struct once {
    template <typename Argument>
    once(const void* its_group, Argument&& its_function)
        : group(its_group), function(std::in_place, std::forward<Argument>(its_function)) {}

    void run() noexcept {
      const context ctx = entry.ctx();
      std::exception_ptr error;
      if (ctx.done()) {
        function.reset();
        return entry.skip();
      }
      {
        const context_scope current(ctx);
        const detail::group_membership member(group);
        try {
          call(*function, ctx);
        } catch (...) {
          error = std::current_exception();
        }
        function.reset(); // what it captured goes before the group may be done
      }
      entry.end(std::move(error));
    }

    static void call(Function& function, const context& ctx) {
      // A coroutine would only be made, not run: weir::spawn() is for those.
      if constexpr (std::invocable<Function&, const context&>) {
        static_assert(std::is_void_v<std::invoke_result_t<Function&, const context&>>, "a task returns nothing");
        function(ctx);
      } else {
        static_assert(std::is_void_v<std::invoke_result_t<Function&>>, "a task returns nothing");
        function();
      }
    }

    group_entry entry;
    const void* group;
    std::optional<Function> function;
    std::atomic<bool> called{false};
  };

  std::shared_ptr<once> once_;
};

/// Runs tasks, on whatever threads, as one piece of work, like Go's errgroup:
///
///   weir::task_group calls(ctx);
///   asio::post(pool, calls.task("prices", [&](const weir::context& ctx) { prices = fetch_prices(ctx); }));
///   asio::post(pool, calls.task("stock", [&](const weir::context& ctx) { stock = fetch_stock(ctx); }));
///   calls.wait().throw_if_failed();
///
/// The group has a context of its own, a child of `parent`. A task that throws is reported (report_task_failure();
/// but group_error is not: that group has reported its own), its exception kept for who waits, and, unless told
/// otherwise, the context ended: reason application, the error's code, and which task it was. Tasks that then end
/// with the context's error are no failures.
///
/// The destructor ends the context and waits: what tasks refer to may stand before the group on the stack. So it
/// must not be destroyed on the only thread that could run its tasks; in coroutines there is gather() (weir::asio).
/// In a task of its own, and in what is called for the failure of one, it does not wait.
///
/// Thread safety: thread-safe but for the destructor. Errors: the constructor throws std::bad_alloc.
class task_group {
 public:
  explicit task_group(const context& parent, on_failure policy = on_failure::cancel_rest);
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group();

  const context& ctx() const noexcept;

  /// Makes `function`, callable with a `const context&` or with nothing, a task of the group: from now on the group
  /// waits for it, and somebody has to call what is returned, once. `name`: for the log and for group_result.
  /// Errors: throws std::bad_alloc, or what copying the function throws; there is no task then. Cost: two
  /// allocations.
  template <typename Function>
  requires std::invocable < std::decay_t<Function>
  &, const context& > || std::invocable<std::decay_t<Function>&> [[nodiscard]] group_task<std::decay_t<Function>>
                         task(std::string name, Function&& function) {
    return {state_.get(), std::forward<Function>(function), [&] { return enter(std::move(name)); }};
  }

  /// The same for a task that works under `ctx`, with its ids and values: for work of one of many requests in a group
  /// of the server's. Its context, a child of `ctx`, ends with the group's as well. One allocation more.
  template <typename Function>
  requires std::invocable < std::decay_t<Function>
  &, const context& > || std::invocable<std::decay_t<Function>&> [[nodiscard]] group_task<std::decay_t<Function>>
                         task(std::string name, const context& ctx, Function&& function) {
    return {state_.get(), std::forward<Function>(function), [&] { return enter(std::move(name), ctx); }};
  }

  /// Announces a task that is not a function, under the group's context or a child of `ctx`.
  /// Errors: throws std::bad_alloc.
  group_entry enter(std::string name);
  group_entry enter(std::string name, const context& ctx);

  /// Ends the group's context: what has not begun by then is not started any more. Thread-safe.
  void cancel(cancel_reason reason = cancel_reason::application) const noexcept;

  /// Blocks until every task has ended, and tells how all of them have, since the group began.
  /// Errors: std::system_error with std::errc::resource_deadlock_would_occur in a task of this group, which would
  /// wait for itself, and in the callbacks that its end runs; std::bad_alloc. A coroutine that is a task is not
  /// noticed: it would block for ever.
  group_result wait();
  /// As wait(), but not longer than until `limit`: then std::nullopt.
  std::optional<group_result> wait_until(context::time_point limit);

  /// Calls `function` when no task is left: at once if there is none, else on the thread that ends the last one,
  /// which it should not keep. For event loops. Errors: throws std::bad_alloc; what `function` throws is reported.
  void when_idle(std::function<void()> function);
  /// How the tasks that have ended so far did. Errors: throws std::bad_alloc.
  group_result result() const;

 private:
  friend struct detail::group_access;

  const std::shared_ptr<detail::group_state> state_;
};

} // namespace weir
