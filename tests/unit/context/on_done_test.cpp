// Callbacks: once, at the right time, and taken back without waiting.
#include "weir/context.hpp"

#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

TEST_CASE("context: callbacks run with the context and all descendants done, in order of registration", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_cancel(ctx);
  std::string order;
  const auto first = ctx.on_done([&, &child = child] { order += child.done() ? 'a' : '!'; });
  const auto below = child.on_done([&] { order += 'c'; });
  const auto second = ctx.on_done([&] { order += 'b'; });
  cancel();
  CHECK(order == "abc");
}

TEST_CASE("context: destroying a registration stops it, detaching does not", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  int destroyed_runs = 0;
  int detached_runs = 0;
  {
    const auto registration = ctx.on_done([&] { ++destroyed_runs; });
  }
  ctx.on_done([&] { ++detached_runs; }).detach();
  cancel();
  CHECK(destroyed_runs == 0);
  CHECK(detached_runs == 1);
}

TEST_CASE("context: a stopped callback is destroyed at once, and so is one that has run", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  const auto captured = std::make_shared<int>();
  auto stopped = ctx.on_done([captured] {});
  auto run = ctx.on_done([captured] {});
  CHECK(captured.use_count() == 3);
  stopped.stop();
  CHECK(captured.use_count() == 2);
  cancel();
  CHECK(captured.use_count() == 1);
}

TEST_CASE("context: a detached callback of a context that is never done goes with the context", "[context]") {
  const auto captured = std::make_shared<int>();
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  int runs = 0;
  {
    auto [ctx, cancel] = weir::with_cancel(parent);
    ctx.on_done([&, captured] { ++runs; }).detach();
    cancel.release();
    CHECK(captured.use_count() == 2);
  }
  CHECK(captured.use_count() == 1);
  cancel_parent();
  CHECK(runs == 0);
}

TEST_CASE("context: a callback on a context that nothing can end is dropped", "[context]") {
  int runs = 0;
  CHECK_FALSE(weir::background().on_done([&] { ++runs; }));
  CHECK(runs == 0);
}

TEST_CASE("context: a callback may register, derive and cancel", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [other, cancel_other] = weir::with_cancel(weir::background());
  std::string seen;
  const auto registration = ctx.on_done([&, &ctx = ctx, &cancel_other = cancel_other] {
    auto [child, cancel_child] = weir::with_cancel(ctx);
    seen += child.done() ? 'd' : '!';
    ctx.on_done([&] { seen += 'r'; }).detach();
    cancel_other();
  });
  const auto of_other = other.on_done([&] { seen += 'o'; });
  cancel();
  CHECK(seen == "dro");
}

TEST_CASE("context: a callback may stop those that wait behind it", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  int runs = 0;
  bool prevented = false;
  weir::done_registration behind;
  const auto first = ctx.on_done([&] { prevented = behind.stop(); });
  behind = ctx.on_done([&] { ++runs; });
  cancel();
  CHECK(prevented);
  CHECK(runs == 0);
}

TEST_CASE("context: a callback of an expired deadline runs on another thread", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_timeout(weir::background(), std::chrono::milliseconds(1));
  std::latch ran(1);
  std::thread::id where;
  const auto registration = ctx.on_done([&] {
    where = std::this_thread::get_id();
    ran.count_down();
  });
  ran.wait();
  CHECK(where != std::this_thread::get_id());
}

TEST_CASE("context: stop and cancel racing, exactly one of them gets the callback", "[context][concurrent]") {
  for (int round = 0; round < 500; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::atomic<int> runs = 0;
    auto registration = ctx.on_done([&] { ++runs; });
    bool prevented = false;
    std::latch start(2);
    {
      const std::jthread canceller([&, &cancel = cancel] {
        start.arrive_and_wait();
        cancel();
      });
      start.arrive_and_wait();
      prevented = registration.stop();
    }
    REQUIRE(runs + (prevented ? 1 : 0) == 1);
  }
}

TEST_CASE("context: a callback registered while a context is being ended finds all descendants done, too",
          "[context][concurrent]") {
  int live = 0;
  for (int round = 0; round < 200; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::vector<weir::cancellable> children;
    for (int i = 0; i < 500; ++i) children.push_back(weir::with_cancel(ctx));
    const std::jthread canceller([&cancel = cancel] { cancel(); });
    while (!ctx.done()) std::this_thread::yield();
    ctx.on_done([&] { live += !children.back().ctx.done(); }).detach();
  }
  CHECK(live == 0);
}
