// The fourth way to use a context, as far as Asio goes: handing it over. (Polling, blocking, callbacks and
// std::stop_token: see the tests of the contexts.)
#include "weir/asio/sleep.hpp"
#include "weir/asio/under.hpp"
#include "weir/context.hpp"

#include <latch>
#include <system_error>
#include <thread>

#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

#include "run_coroutine.hpp"

using weir::context_errc;
using weir_test::run_coroutine;
namespace net = boost::asio;

TEST_CASE("asio: a context is handed over to a cancellation slot and to an awaitable", "[asio][concurrent]") {
  net::io_context io;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::latch started(1);
  const std::jthread canceller([&, &cancel = cancel] {
    started.wait();
    cancel(weir::cancel_reason::shutdown);
  });
  std::error_code result;
  std::thread::id where;
  SECTION("to the slot of an operation that knows nothing of contexts") {
    run_coroutine(io, [&](weir::context given) -> net::awaitable<void> {
      net::steady_timer timer(co_await net::this_coro::executor, net::steady_timer::time_point::max());
      started.count_down();
      try {
        co_await weir::under(given, timer.async_wait(net::deferred));
      } catch (const std::system_error& error) {
        result = error.code();
      }
      where = std::this_thread::get_id();
    }(ctx));
  }
  SECTION("as an awaitable of its end") {
    run_coroutine(io, [&](weir::context given) -> net::awaitable<void> {
      started.count_down();
      result = co_await weir::until_done(given);
      where = std::this_thread::get_id();
    }(ctx));
  }
  CHECK(result == context_errc::canceled);
  CHECK(ctx.reason() == weir::cancel_reason::shutdown);
  // On the executor's thread, though the context was ended on another.
  CHECK(where == std::this_thread::get_id());
}
