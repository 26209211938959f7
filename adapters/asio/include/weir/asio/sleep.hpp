// Asynchronous waiting: for a context to end, or for time to pass unless it ends.
#pragma once

#include "weir/asio/done_wait.hpp"
#include "weir/asio/post_on_done.hpp"
#include "weir/context/context.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/wait_traits.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace weir::detail {

/// A timer on the handler's executor that the end of the context cancels. The pending operation is thereby owned by
/// the execution context, as every Asio operation is, and not by the weir::context, which may outlive it.
template <typename Executor>
struct sleep_state {
  using timer_type =
      boost::asio::basic_waitable_timer<context::clock, boost::asio::wait_traits<context::clock>, Executor>;

  struct cancel_timer {
    std::weak_ptr<sleep_state> state;
    void operator()() const {
      if (const auto alive = state.lock()) alive->timer.cancel();
    }
  };

  explicit sleep_state(const Executor& executor) : timer(executor) {}

  timer_type timer;
  std::optional<post_on_done<Executor, cancel_timer>> wake;
};

/// The composed operation: started without, resumed with an error code.
class sleep_operation {
 public:
  sleep_operation(context ctx, context::duration limit) noexcept : ctx_(std::move(ctx)), limit_(limit) {}

  template <typename Self>
  void operator()(Self& self) {
    using executor_type = typename Self::executor_type;
    using state_type = sleep_state<executor_type>;
    self.reset_cancellation_state(boost::asio::enable_total_cancellation());
    const executor_type executor = self.get_executor();
    const auto state = std::make_shared<state_type>(executor);
    const context ctx = ctx_;
    const auto now = context::clock::now();
    const bool bounded = limit_ < (context::time_point::max)() - now;
    state->timer.expires_at(bounded ? now + limit_ : (context::time_point::max)());
    state_ = state;
    state->timer.async_wait(std::move(self));
    // Only now, so that the cancel finds a wait to end; from here on the operation may complete on another thread.
    state->wake.emplace(ctx, executor, typename state_type::cancel_timer{state});
  }

  template <typename Self>
  void operator()(Self& self, const boost::system::error_code& error) {
    state_.reset();
    std::error_code result = ctx_.error();
    if (!result && error) result = std::make_error_code(std::errc::operation_canceled);
    self.complete(result);
  }

 private:
  context ctx_;
  context::duration limit_;
  std::shared_ptr<void> state_;
};

} // namespace weir::detail

namespace weir {

/// Waits, asynchronously, for `limit` to pass or for `ctx` to end.
/// Completion signature: void(std::error_code), with the context's error if it is done by then; otherwise empty, or
/// std::errc::operation_canceled if the operation was cancelled through its own cancellation slot (any type).
/// As the code is a std::error_code, a coroutine gets it as the result; nothing is thrown.
/// Completes through the handler's associated executor, never within this call.
/// Lifetime: needs nothing of the caller's; the context may outlive the execution context.
/// Cost: a timer, two allocations, and a callback on the context.
template <typename CompletionToken>
auto async_sleep_for(context ctx, context::duration limit, CompletionToken&& token) {
  return boost::asio::async_compose<CompletionToken, void(std::error_code)>(
      detail::sleep_operation(std::move(ctx), limit), token);
}

/// Waits, asynchronously, for `ctx` to end; otherwise as async_sleep_for(). For a context that nothing can end it
/// completes only when cancelled. Cost: three allocations and a callback on the context.
template <typename CompletionToken>
auto async_done(context ctx, CompletionToken&& token) {
  return boost::asio::async_initiate<CompletionToken, void(std::error_code)>(detail::done_initiation(std::move(ctx)),
                                                                             token);
}

/// `std::error_code error = co_await weir::sleep_for(ctx, 10ms);`: async_sleep_for() for coroutines.
inline boost::asio::awaitable<std::error_code> sleep_for(context ctx, context::duration limit) {
  return async_sleep_for(std::move(ctx), limit, boost::asio::use_awaitable);
}

/// `std::error_code error = co_await weir::until_done(ctx);`: async_done() for coroutines.
inline boost::asio::awaitable<std::error_code> until_done(context ctx) {
  return async_done(std::move(ctx), boost::asio::use_awaitable);
}

} // namespace weir
