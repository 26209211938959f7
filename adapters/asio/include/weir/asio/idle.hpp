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

/// Starts the wait: `Idle` has when_idle(std::function).
template <typename Idle>
struct idle_initiation {
  Idle group;

  template <typename Handler>
  void operator()(Handler&& handler) {
    using handler_type = std::decay_t<Handler>;
    // Tracked, so that the executor's run() does not return while only tasks elsewhere are left.
    auto executor = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                        boost::asio::execution::outstanding_work.tracked);
    const auto waiting = std::make_shared<handler_type>(std::forward<Handler>(handler)); // a function is copyable
    group.when_idle([waiting, executor] { boost::asio::post(executor, std::move(*waiting)); });
  }
};

struct shared_idle {
  std::shared_ptr<group_state> group;
  void when_idle(std::function<void()> function) { group_access::when_idle(*group, std::move(function)); }
};
struct owned_idle {
  task_group* group;
  void when_idle(std::function<void()> function) { group->when_idle(std::move(function)); }
};

template <typename Idle>
boost::asio::awaitable<void> await_idle(Idle group) {
  // Two statements, here and below: GCC 12 destroys aggregates twice that an expression makes which awaits.
  auto idle = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      idle_initiation<Idle>{std::move(group)}, boost::asio::use_awaitable);
  co_await std::move(idle);
}

} // namespace detail

/// `weir::group_result result = co_await weir::until_idle(group);`: task_group::wait() that blocks no thread. Resumes
/// on the coroutine's executor. It cannot be cancelled: end the group's context, which its tasks heed.
/// Errors: throws std::bad_alloc. Lifetime: the group outlives the wait, and so does the coroutine's execution
/// context unless the tasks go with it: theirs must not end after it.
inline boost::asio::awaitable<group_result> until_idle(task_group& group) {
  auto idle = detail::await_idle(detail::owned_idle{&group});
  co_await std::move(idle);
  co_return group.result();
}

} // namespace weir
