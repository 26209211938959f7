#include "weir/asio.hpp"
#include "weir/context.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <variant>
#include <vector>

#include "../context/failures.hpp"
#include "run_coroutine.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <catch2/catch.hpp>

namespace net = boost::asio;
using namespace std::chrono_literals;
using weir_test::failure_log;
using weir_test::run_coroutine;

namespace {

/// What a downstream service answers, after some turns of the loop.
template <typename T>
net::awaitable<T> answer(T value, int turns = 1) {
  const auto executor = co_await net::this_coro::executor;
  for (int i = 0; i < turns; ++i) co_await net::post(executor, net::use_awaitable);
  co_return value;
}

net::awaitable<void> answer_nothing() { co_return; }

net::awaitable<int> refuse(std::string text) {
  const auto executor = co_await net::this_coro::executor;
  co_await net::post(executor, net::use_awaitable);
  throw std::runtime_error(text);
}

/// Waits until it is cancelled.
net::awaitable<int> hang(int& stopped) {
  net::steady_timer timer(co_await net::this_coro::executor, net::steady_timer::time_point::max());
  try {
    co_await timer.async_wait(net::use_awaitable);
  } catch (...) {
    ++stopped;
    throw;
  }
  co_return 0;
}

struct move_only {
  explicit move_only(int its_value) : value(its_value) {}
  move_only(move_only&&) = default;
  int value;
};

} // namespace

TEST_CASE("gather: gives all results, in the order of the coroutines", "[asio]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    auto [price, nothing, name, kept] =
        co_await weir::gather(weir::background(), answer(1, 5), answer_nothing(),
                              weir::named("name", answer<std::string>("pear", 3)), answer(move_only(7), 2));
    CHECK(price == 1);
    CHECK(nothing == std::monostate());
    CHECK(name == "pear");
    CHECK(kept.value == 7);
  }());
}

TEST_CASE("gather: any number of one kind", "[asio]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    std::vector<net::awaitable<int>> work;
    for (int i = 0; i < 10; ++i) work.push_back(answer(i, 10 - i));
    const std::vector<int> all = co_await weir::gather(weir::background(), std::move(work));
    CHECK(all == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    std::vector<net::awaitable<int>> none;
    const auto nothing = co_await weir::gather(weir::background(), std::move(none));
    CHECK(nothing.empty());
    std::vector<net::awaitable<void>> quiet;
    quiet.push_back(answer_nothing());
    co_await weir::gather(weir::background(), std::move(quiet));
  }());
}

TEST_CASE("gather: the first failure calls off the rest, and every error is kept", "[asio]") {
  failure_log log;
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    int stopped = 0;
    bool thrown = false;
    try {
      co_await weir::gather(weir::background(), weir::named("prices", refuse("no route")), hang(stopped),
                            weir::named("stock", refuse("no such item")), hang(stopped));
    } catch (const weir::group_error& error) {
      thrown = true;
      CHECK(stopped == 2); // they have ended by now
      CHECK(error.what() == std::string("prices: no route; stock: no such item"));
      CHECK(error.result().canceled == 2);
      CHECK(error.result().error == weir::context_errc::canceled);
    }
    CHECK(thrown);
  }());
  CHECK(log.tasks() == std::vector<std::string>{"prices", "stock"});
}

TEST_CASE("gather: a failure within one that is within another is told once, where it happened", "[asio]") {
  failure_log log;
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    const auto inner = []() -> net::awaitable<void> {
      co_await weir::gather(weir::current_context(), weir::named("prices", refuse("no route")), answer_nothing());
    };
    std::size_t failed = 0;
    try {
      co_await weir::gather(weir::background(), weir::named("inner", inner()), answer_nothing());
    } catch (const weir::group_error& error) {
      failed = error.result().failed;
      CHECK(error.what() == std::string("inner: prices: no route"));
    }
    CHECK(failed == 1);
  }());
  CHECK(log.tasks() == std::vector<std::string>{"prices"});
}

TEST_CASE("gather: the cause of those called off carries the code of a Boost exception, too", "[asio]") {
  failure_log log;
  net::io_context io;
  auto fails = []() -> net::awaitable<void> {
    throw boost::system::system_error(net::error::connection_refused);
    co_return;
  };
  auto look = [](std::error_code& seen) -> net::awaitable<void> {
    int stopped = 0;
    try {
      co_await hang(stopped);
    } catch (...) {
      seen = weir::current_context().cause().error;
      throw;
    }
  };
  std::error_code seen;
  weir::task_group group(weir::background());
  weir::spawn(group, io.get_executor(), "looks", look(seen));
  weir::spawn(group, io.get_executor(), "fails", fails());
  io.run();
  CHECK(seen == std::errc::connection_refused);
  CHECK(group.wait().failed == 1);
}

TEST_CASE("gather: ends with its context", "[asio][concurrent]") {
  failure_log log;
  net::io_context io;
  int stopped = 0;
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::error_code code;
  auto work = [](weir::context parent, int& count, std::error_code& error) -> net::awaitable<void> {
    try {
      co_await weir::gather(parent, hang(count), hang(count));
    } catch (const std::system_error& thrown) {
      error = thrown.code();
    }
  };
  net::co_spawn(io, work(ctx, stopped, code), net::detached);
  io.poll(); // until they hang
  std::thread other([&end = cancel] { end(); });
  io.run();
  other.join();
  io.restart();
  CHECK(code == weir::context_errc::canceled);
  // Of one that is done none is started, and the error is its.
  const auto [timed, cancel_timed] = weir::with_timeout(weir::background(), -1ms);
  run_coroutine(io, work(timed, stopped, code));
  CHECK(code == weir::context_errc::deadline_exceeded);
  CHECK(stopped == 2);
  CHECK(log.tasks().empty());
}

TEST_CASE("gather: what cancels the caller cancels all, which are waited for", "[asio]") {
  failure_log log;
  net::io_context io;
  int stopped = 0;
  net::cancellation_signal signal;
  std::exception_ptr error;
  auto work = [](int& count) -> net::awaitable<void> {
    co_await weir::gather(weir::background(), hang(count), hang(count));
  };
  net::co_spawn(io, work(stopped),
                net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown) { error = thrown; }));
  net::post(io, [&] { signal.emit(net::cancellation_type::terminal); });
  io.run();
  CHECK(stopped == 2);
  CHECK(weir::error_code_of(error) == std::errc::operation_canceled);
  CHECK(log.tasks().empty());
}

TEST_CASE("gather: a coroutine that cancels its caller when it begins calls off those before it, which are "
          "waited for, and those behind it do not begin",
          "[asio]") {
  failure_log log;
  net::io_context io;
  int stopped = 0;
  net::cancellation_signal signal;
  std::exception_ptr error;
  auto cancels = [](net::cancellation_signal& caller, int& count) -> net::awaitable<int> {
    caller.emit(net::cancellation_type::terminal);
    co_return co_await hang(count);
  };
  auto begin = [&cancels](net::cancellation_signal& own, int& count) -> net::awaitable<void> {
    co_await weir::gather(weir::background(), hang(count), cancels(own, count), hang(count));
  };
  net::co_spawn(io, begin(signal, stopped),
                net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown) { error = thrown; }));
  io.run();
  CHECK(stopped == 2);
  CHECK(weir::error_code_of(error) == weir::context_errc::canceled);
  CHECK(log.tasks().empty());
}

TEST_CASE("gather: its io_context may be destroyed while it waits", "[asio]") {
  failure_log log;
  int stopped = 0;
  {
    net::io_context io;
    auto work = [](int& count) -> net::awaitable<void> {
      co_await weir::gather(weir::background(), hang(count), hang(count));
    };
    net::co_spawn(io, work(stopped), net::detached);
    io.poll();
  }
  CHECK(stopped == 0); // destroyed where they stood
  CHECK(log.tasks().empty());
}

TEST_CASE("gather: many, on several threads", "[asio][concurrent]") {
  failure_log log;
  net::thread_pool pool(3);
  std::atomic<int> sum{0};
  std::atomic<int> failed{0};
  for (int i = 0; i < 200; ++i) {
    auto work = [](int number, std::atomic<int>& total, std::atomic<int>& failures) -> net::awaitable<void> {
      try {
        int stopped = 0;
        if (number % 4 == 0) {
          co_await weir::gather(weir::background(), refuse("fails"), hang(stopped));
        } else {
          const auto [a, b] = co_await weir::gather(weir::background(), answer(1, 3), answer(2, 2));
          total += a + b;
        }
      } catch (const weir::group_error&) {
        ++failures;
      }
    };
    net::co_spawn(net::make_strand(pool), work(i, sum, failed), net::detached);
  }
  pool.join();
  CHECK(sum == 150 * 3);
  CHECK(failed == 50);
}

TEST_CASE("spawn: coroutines are a group's tasks, under its context and with its ids", "[asio]") {
  failure_log log;
  net::io_context io;
  const auto ids = weir::with_correlation(weir::background(), {1, 2, 3});
  weir::task_group group(ids, weir::on_failure::keep_going);
  std::vector<std::uint64_t> spans;
  auto look = [](std::vector<std::uint64_t>& seen) -> net::awaitable<void> {
    const auto executor = co_await net::this_coro::executor;
    seen.push_back(weir::current_correlation->span_id);
    co_await net::post(executor, net::use_awaitable);
    seen.push_back(weir::current_correlation->span_id);
  };
  weir::spawn(group, io.get_executor(), "group's", look(spans));
  weir::spawn(group, io.get_executor(), "own", weir::with_correlation(weir::background(), {4, 5, 6}), look(spans));
  auto fails = []() -> net::awaitable<void> {
    throw std::runtime_error("no");
    co_return;
  };
  weir::spawn(group, io.get_executor(), "fails", weir::with_correlation(weir::background(), {7, 8, 9}), fails());
  io.run();
  const auto result = group.wait();
  CHECK(result.succeeded == 2);
  CHECK(result.failures.size() == 1);
  CHECK(spans == std::vector<std::uint64_t>{3, 6, 3, 6});
  REQUIRE(log.contexts().size() == 1);
  CHECK(log.contexts().front().ids()->span_id == 9); // the request's
  CHECK(weir::current_correlation == nullptr);
}

TEST_CASE("spawn: ends with the group's context, and with its own", "[asio]") {
  failure_log log;
  net::io_context io;
  weir::task_group group(weir::background());
  const auto [own, cancel] = weir::with_cancel(weir::background());
  int stopped = 0;
  auto work = [](int& count) -> net::awaitable<void> { co_await hang(count); };
  weir::spawn(group, io.get_executor(), "one", work(stopped));
  weir::spawn(group, io.get_executor(), "two", own, work(stopped));
  weir::spawn(group, io.get_executor(), "three", own, work(stopped));
  io.poll();
  cancel();
  io.restart();
  io.poll();
  CHECK(stopped == 2);
  weir::spawn(group, io.get_executor(), "four", weir::background(), work(stopped));
  group.cancel(weir::cancel_reason::shutdown);
  io.restart();
  io.run();
  CHECK(stopped == 3);
  CHECK(group.wait().canceled == 4);
  CHECK(log.tasks().empty());
}

TEST_CASE("spawn: tasks of an io_context that is destroyed are dropped, and nobody waits for ever", "[asio]") {
  failure_log log;
  weir::task_group group(weir::background(), weir::on_failure::keep_going);
  int stopped = 0;
  {
    net::io_context io;
    auto work = [](int& count) -> net::awaitable<void> { co_await hang(count); };
    weir::spawn(group, io.get_executor(), "pending", work(stopped));
    weir::spawn(group, io.get_executor(), "not begun", work(stopped));
    io.poll_one();
  }
  CHECK(group.wait().failures.size() == 2);
  CHECK(log.tasks().size() == 2);
}

TEST_CASE("until_idle: waits for tasks on other threads, and blocks none", "[asio][concurrent]") {
  net::io_context io;
  net::thread_pool pool(2);
  weir::task_group group(weir::background());
  std::atomic<int> ran{0};
  for (int i = 0; i < 20; ++i) net::post(pool, group.task("count", [&ran] { ++ran; }));
  run_coroutine(io, [](weir::task_group& tasks, std::atomic<int>& count) -> net::awaitable<void> {
    const weir::group_result result = co_await weir::until_idle(tasks);
    CHECK(result.succeeded == 20);
    CHECK(count == 20);
  }(group, ran));
  pool.join();
}

TEST_CASE("slot_link: the end of a context cancels an operation on its own executor", "[asio][concurrent]") {
  net::io_context io;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  net::steady_timer timer(io, net::steady_timer::time_point::max());
  using executor_type = net::io_context::executor_type;
  const weir::slot_link<executor_type> link(ctx, io.get_executor());
  boost::system::error_code seen;
  std::thread::id thread;
  timer.async_wait(net::bind_cancellation_slot(link.slot(), [&](boost::system::error_code error) {
    seen = error;
    thread = std::this_thread::get_id();
  }));
  std::thread other([&end = cancel] { end(); });
  io.run();
  other.join();
  CHECK(seen == net::error::operation_aborted);
  CHECK(thread == std::this_thread::get_id());
}

TEST_CASE("slot_link: may go, with its io_context, while the context is ending", "[asio][concurrent]") {
  for (int round = 0; round < 200; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::thread other;
    {
      net::io_context io;
      const weir::slot_link<net::io_context::executor_type> link(ctx, io.get_executor());
      other = std::thread([&end = cancel] { end(); });
      io.poll();
    }
    other.join();
  }
}
