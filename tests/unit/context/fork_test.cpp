// What a forked child may do with contexts. Not under sanitizers: GCC 12's do not survive a fork amid threads.
#include "weir/context.hpp"

#include "in_child.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir_test::in_child;

TEST_CASE("context: deadlines pass in a forked child, but not those of its parent", "[context]") {
  // The parent's timer thread is there, and waits.
  const auto far = weir::with_timeout(weir::background(), 1h);
  auto inherited = weir::with_timeout(weir::background(), 50ms);
  const int result = in_child([&] {
    const auto own = weir::with_timeout(weir::background(), 100ms);
    if (!own.ctx.wait() || inherited.ctx.done()) return 1;
    inherited.cancel(); // stops a timer that is not there
    const auto later = weir::with_timeout(weir::background(), 1ms);
    return later.ctx.wait() && inherited.ctx.done() && !far.ctx.done() ? 7 : 2;
  });
  CHECK(result == 7);
  CHECK(inherited.ctx.wait());
}

TEST_CASE("context: a deadline's callback may fork, and the child may use deadlines", "[context]") {
  const auto made = weir::with_timeout(weir::background(), 1ms);
  std::atomic<int> result = -2;
  const auto forks = made.ctx.on_done([&] {
    result = in_child([] {
      const auto own = weir::with_timeout(weir::background(), 1ms);
      // Its thread is this one: the deadline cannot pass before the callback has returned.
      return own.ctx.done() ? 1 : 7;
    });
  });
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (result == -2 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  CHECK(result == 7);
}

TEST_CASE("context: a child forked while other threads use deadlines and report failures can do so itself",
          "[context]") {
  std::atomic<bool> stop = false;
  weir::set_task_failure_handler([](const weir::task_failure&) {});
  std::thread busy([&] {
    while (!stop) {
      const auto each = weir::with_timeout(weir::background(), 1h);
      weir::set_task_failure_handler([](const weir::task_failure&) {});
    }
  });
  const auto error = std::make_exception_ptr(std::runtime_error("no space"));
  int well = 0;
  for (int round = 0; round < 100; ++round) {
    well += in_child([&] {
      weir::report_task_failure(weir::background(), "resize", error);
      return weir::with_timeout(weir::background(), 1ms).ctx.wait() ? 1 : 0;
    });
  }
  stop = true;
  busy.join();
  weir::set_task_failure_handler({});
  CHECK(well == 100);
}
