// Coroutines as tasks of a group.
#pragma once

#include "weir/asio/ambient_executor.hpp"
#include "weir/asio/end_entry.hpp"
#include "weir/asio/under.hpp"
#include "weir/context/ambient_slot.hpp"
#include "weir/context/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace weir {

namespace detail {

template <typename Executor>
void spawn_entry(group_entry entry, const Executor& executor, boost::asio::awaitable<void> work) {
  const context ctx = entry.ctx();
  const auto slot = std::make_shared<ambient_slot>(ctx);
  boost::asio::co_spawn(
      ambient_executor(executor, slot), under(ctx, std::move(work)),
      [entry = std::move(entry)](std::exception_ptr error) mutable { end_entry(entry, std::move(error)); });
}

} // namespace detail

/// Starts `work` on `executor` as a task of `group`, under the group's context: that is current in every piece of the
/// coroutine, whose log records carry its ids; and when it ends, the coroutine is cancelled as by under(). If it has
/// ended already the coroutine is not started. What it throws is reported, and kept by the group.
/// `name`: for the log and for group_result. Returns at once, but as with co_spawn(), on the executor's own thread
/// the coroutine begins within this call, up to where it first waits; so not under a lock that it takes. Errors:
/// throws std::bad_alloc. Thread safety: `executor` runs one function at a time, as under() asks. Lifetime: if the
/// executor's context is destroyed first, the group counts the task as one that was dropped.
template <typename Executor>
void spawn(task_group& group, const Executor& executor, std::string name, boost::asio::awaitable<void> work) {
  detail::spawn_entry(group.enter(std::move(name)), executor, std::move(work));
}

/// The same under `ctx`, until that or the group's context ends: for work that outlives its request, in a group of
/// the server's.
///
///   const auto own = std::make_shared<const weir::http_request>(request.copy());
///   weir::spawn(background, executor, "audit", own->ctx(), write_audit(own));
template <typename Executor>
void spawn(task_group& group, const Executor& executor, std::string name, const context& ctx,
           boost::asio::awaitable<void> work) {
  detail::spawn_entry(group.enter(std::move(name), ctx), executor, std::move(work));
}

} // namespace weir
