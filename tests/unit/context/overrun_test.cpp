#include "weir/context/overrun.hpp"

#include "weir/context/with_cancel.hpp"

#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using clock_type = weir::context::clock;

TEST_CASE("overrun: is nothing before the end, and grows from then on", "[context]") {
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  const weir::overrun late(ctx);
  CHECK(late.elapsed() == 0ns);
  const auto before = clock_type::now();
  cancel();
  const auto after = clock_type::now();
  const auto first = late.elapsed();
  CHECK(first > 0ns);
  static_cast<void>(weir::background().wait_for(1ms));
  const auto known = clock_type::now();
  const auto second = late.elapsed();
  CHECK(second > first);
  CHECK(second >= known - after);
  CHECK(late.elapsed() <= clock_type::now() - before);
}

TEST_CASE("overrun: of a context that has ended before it counts from when it was made", "[context]") {
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), -1h);
  const auto before = clock_type::now();
  const weir::overrun late(ctx);
  CHECK(late.elapsed() > 0ns);
  CHECK(late.elapsed() <= clock_type::now() - before);
}

TEST_CASE("overrun: under what nothing can end there is none", "[context]") {
  CHECK(weir::overrun(weir::background()).elapsed() == 0ns);
}

TEST_CASE("overrun: sees the end of an ancestor, and may outlive the context", "[context]") {
  std::optional<weir::overrun> ended, dropped;
  {
    const auto [ctx, cancel] = weir::with_cancel(weir::background());
    const auto [child, cancel_child] = weir::with_cancel(ctx);
    ended.emplace(child);
    cancel();
  }
  {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    dropped.emplace(ctx);
    cancel.release();
  }
  CHECK(ended->elapsed() > 0ns);
  CHECK(dropped->elapsed() == 0ns);
}

TEST_CASE("overrun: the end of a deadline is noted on the timer's thread", "[context][concurrent]") {
  const auto begun = clock_type::now();
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), 1ms);
  const weir::overrun late(ctx);
  while (late.elapsed() == 0ns) std::this_thread::yield();
  CHECK(ctx.done());
  CHECK(late.elapsed() <= clock_type::now() - begun - 1ms);
}

TEST_CASE("overrun: may be read by many threads, and go, while the context is ending", "[context][concurrent]") {
  for (int round = 0; round < 200; ++round) {
    const auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::optional<weir::overrun> late(ctx);
    std::optional<weir::overrun> gone(ctx);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t)
      threads.emplace_back([&late] {
        while (late->elapsed() == 0ns) std::this_thread::yield();
      });
    threads.emplace_back([&end = cancel] { end(); });
    gone.reset();
    threads.clear();
    CHECK(late->elapsed() > 0ns);
  }
}
