// Two things at once, again and again: what must hold whichever comes first.
#include "weir/context.hpp"

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

TEST_CASE("context: a child made while its parent is being cancelled ends cancelled", "[context][concurrent]") {
  for (int round = 0; round < 300; ++round) {
    auto [parent, cancel_parent] = weir::with_cancel(weir::background());
    std::vector<weir::cancellable> children;
    std::latch start(2);
    {
      const std::jthread deriving([&, &parent = parent] {
        start.arrive_and_wait();
        while (!parent.done()) {
          children.push_back(weir::with_cancel(parent));
          children.push_back(weir::with_timeout(children.back().ctx, 1h));
        }
        children.push_back(weir::with_cancel(parent));
      });
      start.arrive_and_wait();
      cancel_parent(weir::cancel_reason::shutdown);
    }
    int wrong = 0;
    for (const auto& each : children) wrong += each.ctx.reason() != weir::cancel_reason::shutdown;
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("context: timers that expire while they are stopped and destroyed do no harm", "[context][concurrent]") {
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 1500; ++i) {
          auto [ctx, cancel] = weir::with_timeout(weir::background(), std::chrono::microseconds((i * 7 + t) % 60));
          if (i % 3 == 0) cancel.release();
          if (i % 3 == 1) cancel();
          if (i % 3 == 1 && !ctx.done()) ++wrong;
          if (i % 64 == 0 && !ctx.wait()) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
}
