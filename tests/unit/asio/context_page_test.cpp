// The coroutines of lib/docs/context.md: every piece of code there stands here, is compiled and run.
#include "weir/asio.hpp"
#include "weir/context.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "run_coroutine.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir_test::run_coroutine;
namespace asio = boost::asio;
using socket_type = asio::local::stream_protocol::socket;

namespace {

asio::awaitable<std::size_t> read_some(socket_type& socket) {
  std::array<char, 16> bytes{};
  co_return co_await socket.async_read_some(asio::buffer(bytes), asio::use_awaitable);
}

asio::awaitable<void> wait_and_read(weir::context ctx, socket_type& socket) {
  std::array<char, 16> bytes{};
  const auto buffer = asio::buffer(bytes);
  const auto ended = co_await weir::until_done(ctx);
  CHECK(ended == weir::context_errc::deadline_exceeded);
  const auto slept = co_await weir::sleep_for(ctx, 10ms);
  CHECK(slept == weir::context_errc::deadline_exceeded);
  std::error_code coroutine, operation;
  try {
    co_await weir::under(ctx, read_some(socket));
  } catch (const std::system_error& error) {
    coroutine = error.code();
  }
  CHECK(coroutine == weir::context_errc::deadline_exceeded);
  try {
    co_await weir::under(ctx, socket.async_read_some(buffer, asio::deferred));
  } catch (const std::system_error& error) {
    operation = error.code();
  }
  CHECK(operation == weir::context_errc::deadline_exceeded);
}

asio::awaitable<int> fetch_price(weir::context ctx) { co_return ctx.done() ? 0 : 950; }
asio::awaitable<std::string> fetch_stock(weir::context ctx) { co_return ctx.done() ? "" : "3 left"; }

asio::awaitable<void> gather_two(weir::context ctx) {
  const auto [price, stock] = co_await weir::gather(ctx, fetch_price(ctx), weir::named("stock", fetch_stock(ctx)));
  CHECK(price == 950);
  CHECK(stock == "3 left");
}

asio::awaitable<void> write_audit(int& written) {
  ++written;
  co_return;
}

asio::awaitable<void> spawn_one(weir::context request, weir::task_group& group, int& written) {
  const auto executor = co_await asio::this_coro::executor;
  weir::spawn(group, executor, "audit", weir::without_cancel(request), write_audit(written));
  const auto result = co_await weir::until_idle(group);
  CHECK(result.succeeded == 1);
}

} // namespace

TEST_CASE("the page on contexts: coroutines", "[asio][concurrent]") {
  asio::io_context io;
  socket_type near(io), far(io);
  asio::local::connect_pair(near, far);
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), 1ms);
  run_coroutine(io, wait_and_read(ctx, near));
  run_coroutine(io, gather_two(weir::background()));
  weir::task_group group(weir::background(), weir::on_failure::keep_going);
  int written = 0;
  run_coroutine(io, spawn_one(ctx, group, written));
  CHECK(written == 1);
}

TEST_CASE("the page on contexts: an operation with a callback", "[asio]") {
  asio::io_context io;
  socket_type socket(io), far(io);
  asio::local::connect_pair(socket, far);
  std::array<char, 16> bytes{};
  const auto buffer = asio::buffer(bytes);
  boost::system::error_code seen;
  const auto handler = [&seen](boost::system::error_code error, std::size_t) { seen = error; };
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  const weir::slot_link link(ctx, socket.get_executor());
  socket.async_read_some(buffer, asio::bind_cancellation_slot(link.slot(), handler));
  cancel();
  io.run();
  CHECK(seen == asio::error::operation_aborted);
}

TEST_CASE("the page on contexts: a coroutine with a slot", "[asio]") {
  asio::io_context io;
  bool current = false;
  auto session = [](weir::ambient_slot& own, bool& found) -> asio::awaitable<void> {
    const auto request = weir::with_cancel(weir::background());
    own.set(request.ctx);
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    found = weir::current_context() == request.ctx;
    own.set({});
  };
  auto slot = std::make_shared<weir::ambient_slot>();
  asio::co_spawn(weir::ambient_executor(io.get_executor(), slot), session(*slot, current), asio::detached);
  io.run();
  CHECK(current);
}
