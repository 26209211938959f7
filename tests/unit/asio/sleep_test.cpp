// Asynchronous waiting for a context.
#include "weir/asio/sleep.hpp"

#include "weir/context.hpp"

#include <latch>
#include <memory>
#include <optional>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <catch2/catch.hpp>

#include "run_coroutine.hpp"

using namespace std::chrono_literals;
using weir::context_errc;
using weir_test::run_coroutine;
namespace net = boost::asio;

TEST_CASE("asio: awaiting a context resumes on the awaiting executor when it ends", "[asio][concurrent]") {
  net::io_context io;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::latch awaiting(1);
  const std::jthread canceller([&, &cancel = cancel] {
    awaiting.wait();
    cancel(weir::cancel_reason::client_closed);
  });
  std::error_code result;
  std::thread::id where;
  run_coroutine(io, [&](weir::context awaited) -> net::awaitable<void> {
    awaiting.count_down();
    result = co_await weir::until_done(awaited);
    where = std::this_thread::get_id();
  }(ctx));
  CHECK(result == context_errc::canceled);
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("asio: awaiting a context that is done completes, but not within the call", "[asio]") {
  net::io_context io;
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 0s);
  std::optional<std::error_code> result;
  weir::async_done(ctx, net::bind_executor(io, [&](std::error_code error) { result = error; }));
  CHECK_FALSE(result);
  io.run();
  CHECK(result == make_error_code(context_errc::deadline_exceeded));
}

TEST_CASE("asio: a sleep runs its time out under a context that lasts", "[asio]") {
  net::io_context io;
  const auto until = weir::context::clock::now() + 2ms;
  run_coroutine(io, []() -> net::awaitable<void> {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    const std::error_code slept = co_await weir::sleep_for(ctx, 1ms);
    CHECK_FALSE(slept);
    const std::error_code slept_under_background = co_await weir::sleep_for(weir::background(), 1ms);
    CHECK_FALSE(slept_under_background);
    const std::error_code not_at_all = co_await weir::sleep_for(ctx, -1ms);
    CHECK_FALSE(not_at_all);
  }());
  CHECK(weir::context::clock::now() >= until);
}

TEST_CASE("asio: a sleep ends early with the context's error", "[asio][concurrent]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    auto [timed, cancel_timed] = weir::with_timeout(weir::background(), 1ms);
    const std::error_code expired = co_await weir::sleep_for(timed, 1h);
    CHECK(expired == context_errc::deadline_exceeded);
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    const auto executor = co_await net::this_coro::executor;
    net::post(executor, [function = cancel.share()] { function(); });
    const std::error_code canceled = co_await weir::sleep_for(ctx, weir::context::duration::max());
    CHECK(canceled == context_errc::canceled);
    const std::error_code still = co_await weir::sleep_for(ctx, 0s);
    CHECK(still == context_errc::canceled);
  }());
}

TEST_CASE("asio: a sleep can be cancelled through its own slot, too", "[asio]") {
  net::io_context io;
  net::cancellation_signal signal;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::error_code result;
  weir::async_sleep_for(ctx, 1h,
                        net::bind_executor(io, net::bind_cancellation_slot(
                                                   signal.slot(), [&](std::error_code error) { result = error; })));
  net::post(io, [&] { signal.emit(net::cancellation_type::total); });
  io.run();
  CHECK(result == std::errc::operation_canceled);
  CHECK(result != context_errc::canceled);
}

TEST_CASE("asio: the context may outlive the io_context with a wait pending", "[asio]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  const auto captured = std::make_shared<int>();
  {
    net::io_context io;
    net::co_spawn(
        io,
        [](weir::context awaited, std::shared_ptr<int>) -> net::awaitable<void> {
          co_await weir::until_done(awaited);
        }(ctx, captured),
        net::detached);
    io.poll();
    CHECK(captured.use_count() == 2);
  }
  CHECK(captured.use_count() == 1);
  cancel();
}

TEST_CASE("asio: a context may end while the io_context of a pending wait is destroyed", "[asio][concurrent]") {
  for (int round = 0; round < 300; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    auto io = std::make_unique<net::io_context>();
    weir::async_done(ctx, net::bind_executor(*io, [](std::error_code) {}));
    std::latch start(2);
    const std::jthread canceller([&, &cancel = cancel] {
      start.arrive_and_wait();
      cancel();
    });
    start.arrive_and_wait();
    io.reset();
  }
}

TEST_CASE("asio: waits on one context from many coroutines on two threads all end", "[asio][concurrent]") {
  net::io_context io;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::atomic<int> ended = 0;
  std::latch awaiting(100);
  for (int i = 0; i < 100; ++i) {
    net::co_spawn(
        io,
        [](weir::context awaited, std::latch& started, std::atomic<int>& count) -> net::awaitable<void> {
          started.count_down();
          if (co_await weir::sleep_for(awaited, 1h) == context_errc::canceled) ++count;
        }(ctx, awaiting, ended),
        net::detached);
  }
  {
    const std::jthread one([&] { io.run(); });
    const std::jthread two([&] { io.run(); });
    awaiting.wait();
    cancel();
  }
  CHECK(ended == 100);
}
