// What Asio throws in ways of its own when a context ends: it is no failure.
#include "weir/asio/code_of.hpp"

#include "weir/asio.hpp"
#include "weir/context.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include "../context/failures.hpp"
#include "run_coroutine.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

namespace net = boost::asio;
using net::experimental::awaitable_operators::operator&&;
using net::experimental::awaitable_operators::operator||;
using weir_test::failure_log;

namespace {

using int_channel = net::experimental::channel<void(boost::system::error_code, int)>;

net::awaitable<void> endless() {
  net::steady_timer timer(co_await net::this_coro::executor, net::steady_timer::time_point::max());
  co_await timer.async_wait(net::use_awaitable);
}

net::awaitable<void> both() {
  auto work = endless() && (endless() && endless());
  co_await std::move(work);
}

net::awaitable<void> either() {
  auto work = endless() || endless();
  co_await std::move(work);
}

net::awaitable<void> receive() {
  int_channel channel(co_await net::this_coro::executor, 0);
  co_await channel.async_receive(net::use_awaitable);
}

net::awaitable<void> receive_as_operation(weir::context ctx) {
  int_channel channel(co_await net::this_coro::executor, 0);
  auto receiving = weir::under(ctx, channel.async_receive(net::deferred));
  co_await std::move(receiving);
}

net::awaitable<void> break_down() {
  throw std::runtime_error("broken");
  co_return;
}

/// What `work` throws when `ctx`, in which it is to be, has ended.
template <typename T>
std::exception_ptr thrown_after(net::io_context& io, const weir::canceller& cancel, net::awaitable<T> work) {
  std::exception_ptr error;
  net::co_spawn(io, std::move(work), [&](const std::exception_ptr& thrown, auto&&...) { error = thrown; });
  io.poll();
  CHECK_FALSE(error);
  cancel();
  io.restart();
  io.run();
  return error;
}

} // namespace

TEST_CASE("asio: coroutines joined by operators, and channels, end with the context's error", "[asio]") {
  net::io_context io;
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::exception_ptr thrown;
  SECTION("and") { thrown = thrown_after(io, cancel, weir::under(ctx, both())); }
  SECTION("or") { thrown = thrown_after(io, cancel, weir::under(ctx, either())); }
  SECTION("a channel in a coroutine") { thrown = thrown_after(io, cancel, weir::under(ctx, receive())); }
  SECTION("a channel as an operation") { thrown = thrown_after(io, cancel, receive_as_operation(ctx)); }
  CHECK(weir::error_code_of(thrown) == weir::context_errc::canceled);
}

// One such task of a request that had ended ended its server's group, and with it every other request's work.
TEST_CASE("spawn: coroutines joined by operators, and channels, have not failed when their context ends", "[asio]") {
  const failure_log log;
  net::io_context io;
  weir::task_group group(weir::background());
  const auto [request, cancel] = weir::with_cancel(weir::background());
  weir::spawn(group, io.get_executor(), "and", request, both());
  weir::spawn(group, io.get_executor(), "or", request, either());
  weir::spawn(group, io.get_executor(), "channel", request, receive());
  io.poll();
  cancel();
  io.restart();
  io.run();
  CHECK_FALSE(group.ctx().done());
  const auto result = group.wait();
  CHECK(result.canceled == 3);
  CHECK(result.failed == 0);
  CHECK(log.tasks().empty());
}

TEST_CASE("gather: coroutines joined by operators, and channels, end with the context's error", "[asio]") {
  const failure_log log;
  net::io_context io;
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  const auto thrown = thrown_after(io, cancel, weir::gather(ctx, both(), receive()));
  CHECK(weir::error_code_of(thrown) == weir::context_errc::canceled);
  CHECK(log.tasks().empty());
}

TEST_CASE("spawn: coroutines joined by operators fail when both of them do", "[asio]") {
  const failure_log log;
  net::io_context io;
  weir::task_group group(weir::background());
  weir::spawn(group, io.get_executor(), "fails", break_down() && break_down());
  weir::spawn(group, io.get_executor(), "called off", both());
  io.run();
  const auto result = group.wait();
  CHECK(result.failed == 1);
  CHECK(result.canceled == 1);
  CHECK(log.tasks() == std::vector<std::string>{"fails"});
}

TEST_CASE("asio: an exception's code is found in those of Boost, too", "[asio]") {
  using boost::system::system_error;
  using weir::detail::code_of;
  namespace channel_error = net::experimental::error;
  const auto aborted = std::make_exception_ptr(system_error(net::error::operation_aborted));
  CHECK(code_of(aborted) == std::errc::operation_canceled);
  CHECK(code_of(std::make_exception_ptr(net::multiple_exceptions(aborted))) == std::errc::operation_canceled);
  CHECK(code_of(std::make_exception_ptr(system_error(channel_error::channel_cancelled))) ==
        std::errc::operation_canceled);
  CHECK(code_of(std::make_exception_ptr(system_error(channel_error::channel_closed))) !=
        std::errc::operation_canceled);
  CHECK(code_of(std::make_exception_ptr(system_error(net::error::netdb_errors::host_not_found_try_again))) !=
        std::errc::operation_canceled);
  CHECK(code_of(std::make_exception_ptr(std::system_error(std::make_error_code(std::errc::io_error)))) ==
        std::errc::io_error);
  CHECK_FALSE(code_of(std::make_exception_ptr(std::runtime_error("no code"))));
  CHECK_FALSE(code_of(nullptr));
}
