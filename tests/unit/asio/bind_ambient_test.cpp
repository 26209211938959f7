// bind_ambient(): one operation completes with a slot's context current.
#include "weir/asio/bind_ambient.hpp"

#include "weir/context.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

#include <catch2/catch.hpp>

namespace asio = boost::asio;

namespace {

std::optional<weir::correlation> ids_here() {
  return weir::current_correlation == nullptr ? std::nullopt : std::optional(*weir::current_correlation);
}

} // namespace

TEST_CASE("bind_ambient: a callback runs with the slot's context, and leaves none behind", "[asio]") {
  asio::io_context io;
  const weir::ambient_slot slot(weir::with_correlation({}, {1, 2, 3}));
  asio::steady_timer timer(io, std::chrono::milliseconds(0));
  std::optional<weir::correlation> seen;
  timer.async_wait(weir::bind_ambient(&slot, [&](const boost::system::error_code&) { seen = ids_here(); }));
  io.run();
  CHECK(seen == weir::correlation{1, 2, 3});
  CHECK_FALSE(ids_here());
}

TEST_CASE("bind_ambient: a coroutine goes on with the slot's context", "[asio]") {
  asio::io_context io;
  weir::ambient_slot slot;
  std::optional<weir::correlation> before, after;
  const auto work = [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(io, std::chrono::milliseconds(0));
    before = ids_here();
    slot.set(weir::with_correlation({}, {1, 2, 3}));
    const auto token = weir::bind_ambient(&slot, asio::as_tuple(asio::use_awaitable));
    co_await timer.async_wait(token);
    after = ids_here();
  };
  asio::co_spawn(io, work(), asio::detached);
  io.run();
  CHECK_FALSE(before);
  CHECK(after == weir::correlation{1, 2, 3});
  CHECK_FALSE(ids_here());
}

TEST_CASE("bind_ambient: without a slot the thread's context stays as it is", "[asio]") {
  asio::io_context io;
  asio::steady_timer timer(io, std::chrono::milliseconds(0));
  const auto outer = weir::with_correlation({}, {4, 5, 6});
  std::optional<weir::correlation> seen;
  timer.async_wait(weir::bind_ambient(nullptr, [&](const boost::system::error_code&) { seen = ids_here(); }));
  const weir::context_scope scope(outer);
  io.run();
  CHECK(seen == weir::correlation{4, 5, 6});
}
