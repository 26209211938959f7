// Several coroutines as one operation: all are waited for, and when one fails the others are called off.
#pragma once

#include "weir/asio/end_entry.hpp"
#include "weir/asio/idle.hpp"
#include "weir/asio/under.hpp"
#include "weir/context/context.hpp"
#include "weir/context/task_group.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace weir {

/// A coroutine and the name under which its failure is told: see gather().
template <typename T>
struct named_work {
  std::string name;
  boost::asio::awaitable<T> work;
};

/// `weir::named("prices", fetch_prices(ctx))`
template <typename T>
[[nodiscard]] named_work<T> named(std::string_view name, boost::asio::awaitable<T> work) {
  return {std::string(name), std::move(work)};
}

namespace detail {

/// What a coroutine that returns nothing gives in a tuple.
template <typename T>
using gathered_t = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <typename T>
gathered_t<T> take_result(kept_result<T>& result) {
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*result);
}

/// The completion of a group's coroutine. One that is destroyed where it waits, with its execution context and
/// whoever would hear of it, has been called off, and not failed.
class end_in_group {
 public:
  explicit end_in_group(group_entry entry) noexcept : entry_(std::move(entry)) {}
  end_in_group(end_in_group&&) = default;
  ~end_in_group() { entry_.skip(); }
  void operator()(std::exception_ptr error) { end_entry(entry_, std::move(error)); }

 private:
  group_entry entry_;
};

/// Runs one coroutine of a group on `executor`; the group is told how it ended.
template <typename T>
void start_in_group(const std::shared_ptr<group_state>& group, const boost::asio::any_io_executor& executor,
                    named_work<T> task, kept_result<T>& result) {
  end_in_group at_end(group_access::enter(group, std::move(task.name)));
  boost::asio::co_spawn(executor, under(group_access::ctx(*group), keep_result(std::move(task.work), result)),
                        std::move(at_end));
}

/// Has `start(group, executor)` start the tasks of a group, waits until it is idle, and throws if not all has gone
/// well.
template <typename Start>
boost::asio::awaitable<void> run_group(context ctx, Start& start) {
  const auto group = group_access::make(ctx, on_failure::cancel_rest);
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  const auto cancelled_before = state.cancelled();
  // The tasks refer to the frame of who waits here: it must not be left before they have ended, cancelled or not.
  const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  std::exception_ptr not_started;
  try {
    start(group, executor);
  } catch (...) {
    not_started = std::current_exception();
  }
  if (auto own = state.slot(); own.is_connected())
    own.assign([group](boost::asio::cancellation_type) { group_access::cancel(*group, cancel_reason::application); });
  // Tasks begin within start(), and may be what cancels the caller.
  if (not_started || state.cancelled() != cancelled_before) group_access::cancel(*group, cancel_reason::application);
  co_await await_idle(group);
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
  if (not_started) std::rethrow_exception(not_started);
  group_access::result(*group).throw_if_failed();
}

template <typename... T, std::size_t... I>
boost::asio::awaitable<std::tuple<gathered_t<T>...>> gather_all(std::index_sequence<I...>, context ctx,
                                                                named_work<T>... work) {
  std::tuple<kept_result<T>...> results;
  auto start = [&](const std::shared_ptr<group_state>& group, const boost::asio::any_io_executor& executor) {
    (start_in_group(group, executor, std::move(work), std::get<I>(results)), ...);
  };
  auto running = run_group(std::move(ctx), start);
  co_await std::move(running);
  co_return std::tuple<gathered_t<T>...>(take_result<T>(std::get<I>(results))...);
}

template <typename T>
named_work<T> with_name(named_work<T> work, std::size_t) {
  return work;
}
template <typename T>
named_work<T> with_name(boost::asio::awaitable<T> work, std::size_t number) {
  return {"gather " + std::to_string(number), std::move(work)};
}

template <typename T>
boost::asio::awaitable<void> gather_into(context ctx, std::vector<boost::asio::awaitable<T>> work,
                                         std::vector<kept_result<T>>& results) {
  auto start = [&](const std::shared_ptr<group_state>& group, const boost::asio::any_io_executor& executor) {
    for (std::size_t i = 0; i < work.size(); ++i)
      start_in_group(group, executor, with_name(std::move(work[i]), i + 1), results[i]);
  };
  auto running = run_group(std::move(ctx), start);
  co_await std::move(running);
}

template <typename Work>
concept gatherable = requires(Work work) {
  with_name(std::move(work), 0);
};

} // namespace detail

///   auto [price, stock] = co_await weir::gather(ctx, fetch_price(ctx), weir::named("stock", fetch_stock(ctx)));
///
/// Runs coroutines at the same time, each as one of its own on the caller's executor, and returns all their results
/// when the last has ended (std::monostate for one that returns nothing). They form a group whose context is a child
/// of `ctx`: when one throws, or `ctx` ends, or the caller is cancelled, the others are cancelled as by under(), and
/// waited for. So what they refer to may be in the caller's frame.
/// Each is a boost::asio::awaitable, or named() for the log and for group_error to call it by.
/// Errors: group_error with every failure if any failed; each was reported (report_task_failure()) when it happened.
/// Else, if the group was cancelled, std::system_error with its context's error. std::bad_alloc.
/// Thread safety: as under(). Cost: for each a coroutine and some allocations.
template <detail::gatherable... Work>
requires(sizeof...(Work) > 0) [[nodiscard]] auto gather(context ctx, Work... work) {
  return [&]<std::size_t... I>(std::index_sequence<I...> numbers) {
    return detail::gather_all(numbers, std::move(ctx), detail::with_name(std::move(work), I + 1)...);
  }
  (std::index_sequence_for<Work...>());
}

/// The same for any number of one kind; results in the order of `work`. None at all gives none.
template <typename T>
requires(!std::is_void_v<T>) boost::asio::awaitable<std::vector<T>> gather(
    context ctx, std::vector<boost::asio::awaitable<T>> work) {
  std::vector<detail::kept_result<T>> results(work.size());
  co_await detail::gather_into(std::move(ctx), std::move(work), results);
  std::vector<T> all;
  all.reserve(results.size());
  for (auto& each : results) all.push_back(std::move(*each));
  co_return all;
}
inline boost::asio::awaitable<void> gather(context ctx, std::vector<boost::asio::awaitable<void>> work) {
  std::vector<detail::kept_result<void>> results(work.size());
  co_await detail::gather_into(std::move(ctx), std::move(work), results);
}

} // namespace weir
