// Coroutines and operations that end with their context.
#include "weir/asio/under.hpp"

#include "weir/asio/sleep.hpp"
#include "weir/context.hpp"

#include <array>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

#include "run_coroutine.hpp"

using namespace std::chrono_literals;
using weir::context_errc;
using weir_test::run_coroutine;
namespace net = boost::asio;

namespace {

struct number {
  explicit number(int given) : value(given) {}
  int value;
};

net::awaitable<number> compute(int value) {
  co_await net::post(co_await net::this_coro::executor, net::use_awaitable);
  co_return number(value);
}

net::awaitable<void> never() {
  net::steady_timer timer(co_await net::this_coro::executor, net::steady_timer::time_point::max());
  co_await timer.async_wait(net::use_awaitable);
}

net::awaitable<void> fail() {
  co_await net::post(co_await net::this_coro::executor, net::use_awaitable);
  throw std::runtime_error("own failure");
}

template <typename T>
net::awaitable<std::error_code> error_of(net::awaitable<T> work) {
  try {
    co_await std::move(work);
  } catch (const std::system_error& error) {
    co_return error.code();
  }
  co_return std::error_code();
}

net::awaitable<void> cancel_soon(weir::cancel_function cancel) {
  // Two statements: GCC 12 destroys what a lambda captured twice if its expression awaits.
  const auto executor = co_await net::this_coro::executor;
  net::post(executor, [cancel] { cancel(); });
}

} // namespace

TEST_CASE("asio: work under a context that lasts gives its own result or exception", "[asio]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    const number result = co_await weir::under(ctx, compute(42));
    CHECK(result.value == 42);
    bool thrown = false;
    try {
      co_await weir::under(ctx, fail());
    } catch (const std::runtime_error& error) {
      thrown = error.what() == std::string("own failure");
    }
    CHECK(thrown);
  }());
}

TEST_CASE("asio: work ends with its context, and with the context's error", "[asio][concurrent]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    co_await cancel_soon(cancel.share());
    const auto canceled = co_await error_of(weir::under(ctx, never()));
    CHECK(canceled == context_errc::canceled);
    auto [timed, cancel_timed] = weir::with_timeout(weir::background(), 1ms);
    const auto expired = co_await error_of(weir::under(timed, never()));
    CHECK(expired == context_errc::deadline_exceeded);
  }());
}

TEST_CASE("asio: work under a context that is done is not started", "[asio]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    cancel();
    bool started = false;
    auto work = [](bool& flag) -> net::awaitable<void> {
      flag = true;
      co_return;
    };
    const auto not_started = co_await error_of(weir::under(ctx, work(started)));
    CHECK(not_started == context_errc::canceled);
    CHECK_FALSE(started);
  }());
}

TEST_CASE("asio: work that finishes although its context ended keeps its result", "[asio]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    auto work = [](weir::cancel_function function) -> net::awaitable<int> {
      function();
      co_return 7;
    };
    const auto result = co_await weir::under(ctx, work(cancel.share()));
    CHECK(result == 7);
  }());
}

TEST_CASE("asio: nested work ends with whichever context ends first", "[asio]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    auto [outer, cancel_outer] = weir::with_cancel(weir::background());
    auto [inner, cancel_inner] = weir::with_cancel(weir::background());
    auto work = [](weir::context ctx) -> net::awaitable<void> { co_await weir::under(ctx, never()); };
    co_await cancel_soon(cancel_inner.share());
    const auto inner_first = co_await error_of(weir::under(outer, work(inner)));
    CHECK(inner_first == context_errc::canceled);
    CHECK_FALSE(outer.done());
    auto [other, cancel_other] = weir::with_cancel(weir::background());
    co_await cancel_soon(cancel_outer.share());
    const auto outer_first = co_await error_of(weir::under(outer, work(other)));
    CHECK(outer_first == context_errc::canceled);
    CHECK_FALSE(other.done());
  }());
}

TEST_CASE("asio: what cancels the caller cancels the work under a context, too", "[asio]") {
  net::io_context io;
  net::cancellation_signal signal;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::exception_ptr thrown;
  net::co_spawn(io, weir::under(ctx, never()),
                net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) { thrown = error; }));
  io.poll();
  signal.emit(net::cancellation_type::terminal);
  io.run();
  REQUIRE(thrown);
  CHECK_THROWS_AS(std::rethrow_exception(thrown), boost::system::system_error);
}

TEST_CASE("asio: a single operation under a context", "[asio][concurrent]") {
  net::io_context io;
  run_coroutine(io, []() -> net::awaitable<void> {
    const auto executor = co_await net::this_coro::executor;
    net::local::stream_protocol::socket near(executor);
    net::local::stream_protocol::socket far(executor);
    net::local::connect_pair(near, far);
    std::array<char, 8> bytes{};

    auto [ctx, cancel] = weir::with_timeout(weir::background(), 1ms);
    const auto read_timed_out =
        co_await error_of(weir::under(ctx, near.async_read_some(net::buffer(bytes), net::deferred)));
    CHECK(read_timed_out == context_errc::deadline_exceeded);

    auto [lasting, cancel_lasting] = weir::with_cancel(weir::background());
    far.write_some(net::buffer("abc", 3));
    const auto bytes_read = co_await weir::under(lasting, near.async_read_some(net::buffer(bytes), net::deferred));
    CHECK(bytes_read == 3);

    far.close();
    boost::system::error_code error;
    try {
      co_await weir::under(lasting, near.async_read_some(net::buffer(bytes), net::deferred));
    } catch (const boost::system::system_error& thrown) {
      error = thrown.code();
    }
    CHECK(error == net::error::eof);
  }());
}

TEST_CASE("asio: a context ended on another thread ends work on the work's own thread", "[asio][concurrent]") {
  for (int round = 0; round < 50; ++round) {
    net::io_context io;
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::latch start(1);
    const std::jthread canceller([&, &cancel = cancel] {
      start.wait();
      cancel();
    });
    std::error_code result;
    std::thread::id where;
    run_coroutine(io, [&](weir::context under_test) -> net::awaitable<void> {
      start.count_down();
      result = co_await error_of(weir::under(under_test, never()));
      where = std::this_thread::get_id();
    }(ctx));
    REQUIRE(result == context_errc::canceled);
    REQUIRE(where == std::this_thread::get_id());
  }
}

TEST_CASE("asio: work under a context may be pending when its io_context is destroyed", "[asio]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  {
    net::io_context io;
    auto work = [](weir::context inner) -> net::awaitable<void> { co_await weir::under(inner, never()); };
    net::co_spawn(io, weir::under(ctx, work(ctx)), net::detached);
    io.poll();
  }
  cancel();
  CHECK(ctx.done());
}
