// Each coroutine sees its own request, though they share a thread.
#include "weir/asio/ambient_executor.hpp"

#include "weir/asio/sleep.hpp"
#include "weir/asio/under.hpp"
#include "weir/context.hpp"
#include "weir/context_fields.hpp"
#include "weir/log.hpp"

#include <memory>
#include <string>
#include <thread>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/consign.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <catch2/catch.hpp>

#include "run_coroutine.hpp"

using namespace std::chrono_literals;
namespace net = boost::asio;

namespace {

using on_io_context = weir::ambient_executor<net::io_context::executor_type>;

static_assert(net::execution::is_executor<on_io_context>::value);
static_assert(std::is_convertible_v<on_io_context, net::any_io_executor>);
// any_io_executor's own room in Boost 1.81: a shared_ptr and a pointer.
static_assert(sizeof(on_io_context) <= 3 * sizeof(void*) && alignof(on_io_context) <= alignof(void*));

weir::context with_span(std::uint64_t span) { return weir::with_correlation(weir::background(), {1, 1, span}); }

std::uint64_t current_span() { return weir::current_correlation ? weir::current_correlation->span_id : 0; }

net::awaitable<void> yield() { return net::post(net::use_awaitable); }

net::awaitable<std::uint64_t> span_in_callee() {
  co_await yield();
  co_return current_span();
}

/// Two requests, one after the other, with every way of awaiting in each; counts what it sees wrongly.
net::awaitable<void> session(weir::ambient_slot& slot, std::uint64_t first, int& wrong, int& ended) {
  const auto executor = co_await net::this_coro::executor;
  net::steady_timer timer(executor);
  for (std::uint64_t span : {first, first + 1}) {
    auto [ctx, cancel] = weir::with_cancel(with_span(span));
    slot.set(ctx);
    wrong += current_span() != span;
    for (int i = 0; i < 5; ++i) {
      co_await yield();
      wrong += current_span() != span;
      timer.expires_after(10us);
      co_await timer.async_wait(net::use_awaitable);
      wrong += current_span() != span || weir::current_context() != ctx;
      co_await weir::sleep_for(weir::current_context(), 10us);
      wrong += current_span() != span;
      wrong += co_await span_in_callee() != span;
      wrong += co_await weir::under(ctx, span_in_callee()) != span;
      wrong += current_span() != span;
    }
    slot.set({});
    wrong += current_span() != 0;
    co_await yield();
    wrong += current_span() != 0;
  }
  ++ended;
}

} // namespace

TEST_CASE("asio: coroutines that interleave on one thread each see their own ids after each co_await", "[asio]") {
  net::io_context io;
  int wrong = 0;
  int ended = 0;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    auto slot = std::make_shared<weir::ambient_slot>();
    net::co_spawn(weir::ambient_executor(io.get_executor(), *slot), session(*slot, i * 100, wrong, ended),
                  net::consign(net::detached, slot));
  }
  // What does not run on an ambient executor sees nobody's ids.
  for (int i = 0; i < 20; ++i) net::post(io, [&] { wrong += current_span() != 0; });
  io.run();
  CHECK(wrong == 0);
  CHECK(ended == 3);
  CHECK(weir::current_correlation == nullptr);
}

TEST_CASE("asio: coroutines on strands over several threads each see their own ids", "[asio][concurrent]") {
  net::io_context io;
  std::array<int, 4> wrong{};
  std::array<int, 4> ended{};
  for (std::size_t i = 0; i < 4; ++i) {
    auto slot = std::make_shared<weir::ambient_slot>();
    net::co_spawn(weir::ambient_executor(net::make_strand(io), *slot),
                  session(*slot, (i + 1) * 100, wrong[i], ended[i]), net::consign(net::detached, slot));
  }
  {
    const std::jthread one([&] { io.run(); });
    const std::jthread two([&] { io.run(); });
  }
  CHECK(wrong == std::array<int, 4>{});
  CHECK(ended == std::array<int, 4>{1, 1, 1, 1});
}

TEST_CASE("asio: fields of a context follow its coroutine, whatever runs in between", "[asio][concurrent]") {
  const auto lines = weir::memory_sink({}, weir::as_logfmt());
  weir::log_stream stream({.sinks = {lines}});
  weir::logger& log = stream.get_logger("log");
  net::io_context io;
  const auto work = [](weir::logger& to, weir::ambient_slot& slot, int user) -> net::awaitable<void> {
    slot.set(weir::with_fields(weir::background(), weir::field<"user">(user)));
    for (int step = 0; step < 20; ++step) {
      WEIR_INFO(to, "{} {}", user, step);
      co_await yield();
    }
    slot.set(weir::with_fields(slot.current(), weir::field<"step">("last")));
    co_await yield();
    WEIR_INFO(to, "{} end", user);
  };
  for (int user = 1; user <= 4; ++user) {
    auto slot = std::make_shared<weir::ambient_slot>();
    net::co_spawn(weir::ambient_executor(net::make_strand(io), *slot), work(log, *slot, user),
                  net::consign(net::detached, slot));
  }
  {
    const std::jthread one([&] { io.run(); });
    const std::jthread two([&] { io.run(); });
  }
  REQUIRE(stream.flush());
  const auto all = lines->snapshot();
  CHECK(all.size() == 4 * 21);
  for (const std::string& line : all) {
    INFO(line);
    const auto message = line.substr(line.find("message=\"") + 9);
    CHECK(line.find(" user=" + message.substr(0, 1)) != std::string::npos);
    CHECK((line.find("step=last") != std::string::npos) == (message.find("end") == 2));
  }
}

TEST_CASE("asio: a function run in place restores the ids of the one that called", "[asio]") {
  net::io_context io;
  weir::ambient_slot outer(with_span(1));
  weir::ambient_slot inner(with_span(2));
  const weir::ambient_executor on_outer(io.get_executor(), outer);
  const weir::ambient_executor on_inner(io.get_executor(), inner);
  std::string seen;
  net::post(on_outer, [&] {
    seen += std::to_string(current_span());
    net::dispatch(on_inner, [&] { seen += std::to_string(current_span()); });
    seen += std::to_string(current_span());
  });
  io.run();
  CHECK(seen == "121");
}

// beast::tcp_stream's timer fires once more on its coroutine's executor after both are gone.
TEST_CASE("asio: an executor that shares its slot may be used when everything else has gone", "[asio]") {
  net::io_context io;
  std::uint64_t seen = 0;
  std::weak_ptr<weir::ambient_slot> alive;
  {
    auto slot = std::make_shared<weir::ambient_slot>(with_span(7));
    alive = slot;
    const weir::ambient_executor executor(io.get_executor(), slot);
    static_assert(sizeof executor <= 3 * sizeof(void*));
    net::post(net::any_io_executor(executor), [&] { seen = current_span(); });
  }
  CHECK_FALSE(alive.expired());
  io.run();
  CHECK(seen == 7);
  CHECK(alive.expired());
}

TEST_CASE("asio: ids are restored when a function throws", "[asio]") {
  net::io_context io;
  const weir::ambient_slot slot(with_span(1));
  net::post(weir::ambient_executor(io.get_executor(), slot), [] { throw std::runtime_error("from the function"); });
  CHECK_THROWS_AS(io.run(), std::runtime_error);
  CHECK(weir::current_correlation == nullptr);
}

TEST_CASE("asio: an ambient executor passes properties on and compares by slot and executor", "[asio]") {
  net::io_context io;
  net::io_context other;
  weir::ambient_slot slot;
  weir::ambient_slot another;
  const weir::ambient_executor executor(io.get_executor(), slot);
  CHECK(executor == weir::ambient_executor(io.get_executor(), slot));
  CHECK(executor != weir::ambient_executor(io.get_executor(), another));
  CHECK(executor != weir::ambient_executor(other.get_executor(), slot));
  CHECK(&net::query(executor, net::execution::context) == &io);
  const auto never_blocks = net::require(executor, net::execution::blocking.never);
  CHECK(net::query(never_blocks, net::execution::blocking) == net::execution::blocking.never);
  CHECK(net::query(net::prefer(executor, net::execution::outstanding_work.tracked),
                   net::execution::outstanding_work) == net::execution::outstanding_work.tracked);
  const net::any_io_executor erased = executor;
  CHECK(&erased.context() == &io);
  CHECK(erased == net::any_io_executor(executor));
  CHECK(erased != net::any_io_executor(weir::ambient_executor(io.get_executor(), another)));
}
