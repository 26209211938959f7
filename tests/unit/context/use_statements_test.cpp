// Of the thirteen statements that say what a context is those about its use: values, threads, and ways to wait.
#include "weir/context.hpp"

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::cancel_reason;

namespace {

struct person_key {
  using value_type = std::string;
};
struct depth_key {
  using value_type = int;
};

} // namespace

namespace another_component {

struct person_key {
  using value_type = std::string;
};

} // namespace another_component

TEST_CASE("context: the innermost value wins, keys are typed, and one component's key cannot collide with another's",
          "[context]") {
  const auto outer = weir::with_value<person_key>(weir::background(), "ada");
  const auto inner = weir::with_value<person_key>(weir::with_value<depth_key>(outer, 2), "grace");
  REQUIRE(inner.value<person_key>());
  CHECK(*inner.value<person_key>() == "grace");
  CHECK(*outer.value<person_key>() == "ada");
  CHECK(*inner.value<depth_key>() == 2);
  CHECK(outer.value<depth_key>() == nullptr);
  CHECK(weir::background().value<person_key>() == nullptr);
  static_assert(std::is_same_v<decltype(inner.value<person_key>()), const std::string*>);
  static_assert(std::is_same_v<decltype(inner.value<depth_key>()), const int*>);

  CHECK(outer.value<another_component::person_key>() == nullptr);
  const auto both = weir::with_value<another_component::person_key>(outer, "grace");
  CHECK(*both.value<person_key>() == "ada");
  CHECK(*both.value<another_component::person_key>() == "grace");
}

TEST_CASE("context: it may be passed to any number of threads", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_timeout(weir::with_value<person_key>(weir::background(), "ada"), 1h);
  std::atomic<int> broken = 0;
  std::atomic<int> told = 0;
  std::atomic<int> prevented = 0;
  constexpr int threads = 8;
  {
    std::vector<std::jthread> users;
    std::latch ready(threads);
    for (int i = 0; i < threads; ++i) {
      users.emplace_back([&, copy = ctx] {
        const weir::context own = copy;
        auto [child, cancel_child] = weir::with_cancel(own);
        auto registration = child.on_done([&] { ++told; });
        broken += *own.value<person_key>() != "ada" || own.deadline() != child.deadline();
        ready.count_down();
        while (!own.done()) std::this_thread::yield();
        broken += own.reason() != cancel_reason::shutdown || !child.wait();
        prevented += registration.stop();
      });
    }
    ready.wait();
    cancel(cancel_reason::shutdown);
  }
  CHECK(broken == 0);
  CHECK(told + prevented == threads);
}

TEST_CASE("context: four ways to use it: poll, block, be called back, hand over", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  SECTION("poll") {
    const std::jthread poller([copy = ctx] {
      while (!copy.done()) std::this_thread::yield();
    });
    cancel();
  }
  SECTION("block, for ever and with a limit") {
    CHECK_FALSE(ctx.wait_for(1ms));
    CHECK_FALSE(ctx.wait_until(weir::context::clock::now() + 1ms));
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
  SECTION("be called back") {
    bool told = false;
    const auto registration = ctx.on_done([&] { told = true; });
    cancel();
    CHECK(told);
  }
  // To an Asio cancellation slot and an awaitable: see the tests of weir::asio.
  SECTION("hand over to what knows std::stop_token") {
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
    CHECK(weir::stop_link(ctx).get_token().stop_requested());
  }
  CHECK(ctx.done());
}
