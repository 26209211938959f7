// Runs a coroutine or an asynchronous operation under a context: when the context ends, so does it.
#pragma once

#include "weir/asio/code_of.hpp"
#include "weir/asio/post_on_done.hpp"
#include "weir/context/context.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace weir::detail {

/// A cancellation signal that a context sets off, on the executor that the operation runs on: emit() is not
/// thread-safe.
struct context_signal {
  boost::asio::cancellation_signal signal;
  bool ended_by_context = false;

  /// What is posted when the context ends.
  struct emit {
    std::weak_ptr<context_signal> target;
    void operator()() const {
      const auto alive = target.lock();
      if (!alive) return;
      alive->ended_by_context = true;
      alive->signal.emit(boost::asio::cancellation_type::terminal);
    }
  };

  /// What stands in the coroutine's own slot meanwhile: the operation listens to the signal instead of it.
  struct pass_on {
    std::weak_ptr<context_signal> target;
    void operator()(boost::asio::cancellation_type type) const {
      if (const auto alive = target.lock()) alive->signal.emit(type);
    }
  };
};

inline bool says_aborted(const std::error_code& error) noexcept { return error == std::errc::operation_canceled; }

/// What `co_await` gives for an operation when it runs in a coroutine on `Executor`.
template <typename Operation, typename Executor>
using awaited_t = typename decltype(std::declval<Operation>()(boost::asio::bind_cancellation_slot(
    boost::asio::cancellation_slot(), boost::asio::use_awaitable_t<Executor>())))::value_type;

template <typename Executor, typename Operation>
boost::asio::awaitable<awaited_t<Operation, Executor>, Executor> run_under(context ctx, Operation operation) {
  if (ctx.done()) throw std::system_error(ctx.error(), "weir::under");
  const auto ending = std::make_shared<context_signal>();
  const Executor executor = co_await boost::asio::this_coro::executor;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  // The coroutine's own slot is free while the operation uses the signal's, and cleared when the operation completes.
  if (auto own = state.slot(); own.is_connected()) own.assign(context_signal::pass_on{ending});
  const post_on_done<Executor, context_signal::emit> from_context(ctx, executor, {ending});
  try {
    co_return co_await std::move(operation)(
        boost::asio::bind_cancellation_slot(ending->signal.slot(), boost::asio::use_awaitable_t<Executor>()));
  } catch (...) {
    if (!ending->ended_by_context || !says_aborted(code_of(std::current_exception()))) throw;
  }
  throw std::system_error(ctx.error(), "weir::under");
}

struct nothing {};

/// A place for what a coroutine returns, as co_spawn's own would ask for a default constructor; and the knowledge
/// that it did return.
template <typename T>
using kept_result = std::optional<std::conditional_t<std::is_void_v<T>, nothing, T>>;

template <typename T, typename Executor>
boost::asio::awaitable<void, Executor> keep_result(boost::asio::awaitable<T, Executor> work, kept_result<T>& result) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(work);
    result.emplace();
  } else {
    result.emplace(co_await std::move(work));
  }
}

} // namespace weir::detail

namespace weir {

/// `T result = co_await weir::under(ctx, work());`: runs a coroutine under `ctx`, as a coroutine of its own on the
/// caller's executor. When the context ends, it is cancelled through its cancellation slot (type terminal): the
/// operation it is waiting for ends with operation_aborted, and so does its every later `co_await`, unless it
/// resets its cancellation state. What cancels the caller cancels it as well.
/// Result: its own, also if the context ended just before it returned. Errors: its own exceptions; but if the context
/// ended first and the coroutine ended for it, that is with a code equivalent to std::errc::operation_canceled or as
/// an operation on a channel that was cancelled, std::system_error with the context's error; of what `a() && b()` and
/// `a() || b()` throw, the one exception counts that Asio keeps. If the context is done already, the same, and the
/// coroutine is not started. An operation that heeds no cancellation is waited for: a resolver's async_resolve()
/// until the system has answered. Thread safety: to be awaited on an executor that runs one function at a time (one
/// thread, or a strand), as Asio asks of whatever is to be cancelled. The context may be ended on any thread, which
/// is posted to the executor: so that is none of an io_context without locks (BOOST_ASIO_CONCURRENCY_HINT_UNSAFE).
/// Cost: a coroutine, two allocations, and a callback on the context.
template <typename T, typename Executor>
boost::asio::awaitable<T, Executor> under(context ctx, boost::asio::awaitable<T, Executor> work) {
  if (ctx.done()) throw std::system_error(ctx.error(), "weir::under");
  const Executor executor = co_await boost::asio::this_coro::executor;
  detail::kept_result<T> result;
  auto operation =
      boost::asio::co_spawn(executor, detail::keep_result(std::move(work), result), boost::asio::deferred);
  auto running = detail::run_under<Executor>(std::move(ctx), std::move(operation));
  try {
    co_await std::move(running);
  } catch (...) {
    // Asio itself awaits once more after the coroutine has returned, and there a late cancel may still strike.
    if (!result) throw;
  }
  if constexpr (!std::is_void_v<T>) co_return std::move(*result);
}

/// `co_await weir::under(ctx, socket.async_read_some(buffer, boost::asio::deferred))`: the same for one operation,
/// without a coroutine of its own. Result: what the operation gives a coroutine; its error code is thrown as
/// boost::system::system_error. Cost: two allocations and a callback on the context.
template <typename Operation>
requires boost::asio::is_async_operation<Operation>::value auto under(context ctx, Operation operation) {
  return detail::run_under<boost::asio::any_io_executor>(std::move(ctx), std::move(operation));
}

} // namespace weir
