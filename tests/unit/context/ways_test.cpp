// Four ways to use a context: poll it, block on it, be called back (on_done_test), hand it over (asio, stop_token).
#include "weir/context.hpp"

#include <condition_variable>
#include <latch>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

TEST_CASE("context: can be polled from any number of threads", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::vector<std::jthread> pollers;
  for (int i = 0; i < 4; ++i) {
    pollers.emplace_back([copy = ctx] {
      while (!copy.done()) std::this_thread::yield();
    });
  }
  cancel();
  pollers.clear();
  CHECK(ctx.done());
}

TEST_CASE("context: threads that wait are woken when it ends", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::atomic<int> woken = 0;
  {
    std::vector<std::jthread> waiters;
    for (int i = 0; i < 3; ++i) {
      waiters.emplace_back([&, copy = ctx] { woken += copy.wait(); });
      waiters.emplace_back([&, copy = ctx] { woken += copy.wait_for(1h); });
      waiters.emplace_back([&, copy = ctx] { woken += copy.wait_until(weir::context::time_point::max()); });
    }
    cancel();
  }
  CHECK(woken == 9);
}

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

TEST_CASE("context: hands over to a std::stop_token", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  const weir::stop_link link(ctx);
  const std::stop_token token = link.get_token();
  CHECK(token.stop_possible());
  CHECK_FALSE(token.stop_requested());
  std::mutex mutex;
  std::condition_variable_any never;
  std::jthread worker([&] {
    std::unique_lock hold(mutex);
    never.wait(hold, token, [] { return false; });
  });
  cancel();
  worker.join();
  CHECK(token.stop_requested());

  const weir::stop_link late(ctx);
  CHECK(late.get_token().stop_requested());
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
