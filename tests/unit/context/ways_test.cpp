// What is finer about blocking on a context and handing it to a std::stop_token.
#include "weir/context.hpp"

#include <latch>
#include <stop_token>
#include <thread>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

TEST_CASE("context: a wait that runs out says that the context is not done", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  CHECK_FALSE(ctx.wait_for(1ms));
  CHECK_FALSE(ctx.wait_for(-1s));
  CHECK_FALSE(ctx.wait_until(weir::context::clock::now() + 1ms));
  cancel();
  CHECK(ctx.wait_for(0s));
  CHECK(ctx.wait());
}

TEST_CASE("context: waiting for what nothing can end returns at once, or sleeps the limit out", "[context]") {
  CHECK_FALSE(weir::background().wait());
  const auto until = weir::context::clock::now() + 2ms;
  CHECK_FALSE(weir::background().wait_until(until));
  CHECK(weir::context::clock::now() >= until);
}

TEST_CASE("context: a waiter is woken before any callback runs, so a callback may wait for the waiter",
          "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::latch waiting(1);
  std::latch woken(1);
  const auto registration = ctx.on_done([&] { woken.wait(); });
  const std::jthread waiter([&, copy = ctx] {
    waiting.count_down();
    copy.wait();
    woken.count_down();
  });
  waiting.wait();
  cancel();
  CHECK(ctx.done());
}

TEST_CASE("context: a stop_token that outlives its link is not stopped by the context", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::stop_token token;
  {
    const weir::stop_link link(ctx);
    token = link.get_token();
  }
  cancel();
  CHECK_FALSE(token.stop_requested());
}
