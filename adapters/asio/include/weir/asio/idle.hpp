// Waiting, asynchronously, until a group has no task left.
#pragma once

#include "weir/context/task_group.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace weir {

namespace detail {

struct idle_initiation {
  std::shared_ptr<group_state> group;

  template <typename Handler>
  void operator()(Handler&& handler) {
    using handler_type = std::decay_t<Handler>;
    // Tracked, so that the executor's run() does not return while only tasks elsewhere are left.
    auto executor = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                        boost::asio::execution::outstanding_work.tracked);
    const auto waiting = std::make_shared<handler_type>(std::forward<Handler>(handler)); // a function is copyable
    group_access::when_idle(*group, [waiting, executor] { boost::asio::post(executor, std::move(*waiting)); });
  }
};

inline boost::asio::awaitable<void> await_idle(std::shared_ptr<group_state> group) {
  // Two statements: GCC 12 destroys aggregates twice that an expression makes which awaits.
  auto idle = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      idle_initiation{std::move(group)}, boost::asio::use_awaitable);
  co_await std::move(idle);
}

} // namespace detail

/// `weir::group_result result = co_await weir::until_idle(group);`: task_group::wait() that blocks no thread. Resumes
/// on the coroutine's executor. It cannot be cancelled: end the group's context, which its tasks heed.
/// Errors: throws std::bad_alloc. Thread safety: as the group's. Lifetime: the coroutine's execution context is there
/// until the last task has ended. Cost: some allocations.
inline boost::asio::awaitable<group_result> until_idle(const task_group& group) {
  const auto state = detail::group_access::share(group);
  co_await detail::await_idle(state);
  co_return detail::group_access::result(*state);
}

} // namespace weir
