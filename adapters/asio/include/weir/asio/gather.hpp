// Several coroutines as one operation: all are waited for, and when one fails the others are called off.
#pragma once

#include "weir/asio/end_entry.hpp"
#include "weir/asio/idle.hpp"
#include "weir/asio/under.hpp"
#include "weir/context/context.hpp"
#include "weir/context/task_group.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

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

/// Runs one coroutine of a group on `executor`; `at_end` tells the group how it ended.
template <typename T>
void start_in_group(const context& ctx, const boost::asio::any_io_executor& executor, end_in_group at_end,
                    boost::asio::awaitable<T> work, kept_result<T>& result) {
  boost::asio::co_spawn(executor, under(ctx, keep_result(std::move(work), result)), std::move(at_end));
}

/// Waits for a group of which there are entries, and begins their tasks when nothing more is needed for the wait.
template <typename Begin>
struct begin_initiation {
  std::shared_ptr<group_state> group;
  Begin* begin; // noexcept

  template <typename Handler>
  void operator()(Handler&& handler) {
    idle_initiation{group}(std::forward<Handler>(handler));
    (*begin)();
  }
};

/// Announces, by `enter(group, entries)`, the tasks of a group, has `start(ctx, executor, entries)` start them, waits
/// until they have ended, and throws if not all has gone well.
template <typename Enter, typename Start>
boost::asio::awaitable<void> run_group(context ctx, Enter& enter, Start& start) {
  const auto group = group_access::make(ctx, on_failure::cancel_rest);
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  std::vector<end_in_group> entries;
  enter(group, entries);
  std::exception_ptr not_started;
  auto begin = [&]() noexcept {
    try {
      start(group_access::ctx(*group), executor, entries);
    } catch (...) {
      not_started = std::current_exception();
      group_access::cancel(*group, cancel_reason::application);
      entries.clear();
    }
  };
  // The tasks refer to the frame of who waits here: it must not be left before they have ended, cancelled or not. So
  // they begin when the wait has, and whatever may throw comes before that.
  if (auto own = state.slot(); own.is_connected())
    own.assign([group](boost::asio::cancellation_type) { group_access::cancel(*group, cancel_reason::application); });
  auto running = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      begin_initiation<decltype(begin)>{group, &begin}, boost::asio::use_awaitable);
  const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await std::move(running);
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
  if (not_started) std::rethrow_exception(not_started);
  group_access::result(*group).throw_if_failed();
}

template <typename... T, std::size_t... I>
boost::asio::awaitable<std::tuple<gathered_t<T>...>> gather_all(std::index_sequence<I...>, context ctx,
                                                                named_work<T>... work) {
  std::tuple<kept_result<T>...> results;
  auto enter = [&](const std::shared_ptr<group_state>& group, std::vector<end_in_group>& entries) {
    entries.reserve(sizeof...(T));
    (entries.emplace_back(group_access::enter(group, std::move(work.name))), ...);
  };
  auto start = [&](const context& own, const boost::asio::any_io_executor& executor,
                   std::vector<end_in_group>& entries) {
    (start_in_group(own, executor, std::move(entries[I]), std::move(work.work), std::get<I>(results)), ...);
  };
  auto running = run_group(std::move(ctx), enter, start);
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
  auto enter = [&](const std::shared_ptr<group_state>& group, std::vector<end_in_group>& entries) {
    entries.reserve(work.size());
    for (std::size_t i = 0; i < work.size(); ++i)
      entries.emplace_back(group_access::enter(group, "gather " + std::to_string(i + 1)));
  };
  auto start = [&](const context& own, const boost::asio::any_io_executor& executor,
                   std::vector<end_in_group>& entries) {
    for (std::size_t i = 0; i < work.size(); ++i)
      start_in_group(own, executor, std::move(entries[i]), std::move(work[i]), results[i]);
  };
  auto running = run_group(std::move(ctx), enter, start);
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
/// Else, if the group was cancelled, std::system_error with its context's error. std::bad_alloc; where there is no
/// memory for the wait itself it comes, as of Asio's own operations, out of the executor's run(), and nothing has
/// begun. Thread safety: as under(). Cost: for each a coroutine and some allocations.
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
