// Of the thirteen statements that say what a context is those about its end, each as one test; how it is used:
// use_statements_test.cpp. What is finer is tested beside them.
#include "weir/context.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::cancel_cause;
using weir::cancel_reason;
using weir::context_errc;

namespace {

struct name_key {
  using value_type = std::string;
};
struct place_key {
  using value_type = int;
};
struct shared_key {
  using value_type = std::shared_ptr<int>;
};

/// What a context with this cause answers.
void check_ended(const weir::context& ctx, context_errc error, const cancel_cause& cause) {
  CHECK(ctx.done());
  CHECK(ctx.error() == error);
  CHECK(ctx.reason() == cause.reason);
  CHECK(ctx.cause() == cause);
}

weir::context::time_point an_hour_ahead() { return weir::context::clock::now() + 1h; }

} // namespace

TEST_CASE(
    "context: cancel is idempotent, safe from any thread, does not wait for the work, and ends every descendant",
    "[context][concurrent]") {
  SECTION("idempotent, and every descendant is done when it returns") {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    auto [child, cancel_child] = weir::with_cancel(ctx);
    auto [timed, cancel_timed] = weir::with_timeout(weir::with_value<place_key>(child, 2), 1h);
    auto [grandchild, cancel_grandchild] = weir::with_cancel(timed);
    CHECK_FALSE(grandchild.done());
    for (int i = 0; i < 2; ++i) {
      cancel();
      for (const auto& each : {ctx, child, timed, grandchild}) CHECK(each.error() == context_errc::canceled);
    }
  }
  SECTION("from any thread, for whichever caller returns") {
    for (int round = 0; round < 200; ++round) {
      auto [ctx, cancel] = weir::with_cancel(weir::background());
      std::vector<weir::cancellable> below;
      for (std::size_t i = 0; i < 20; ++i) below.push_back(weir::with_cancel(i == 0 ? ctx : below[i / 2].ctx));
      std::latch start(3);
      std::atomic<int> missed = 0;
      const auto cancel_and_look = [&, &cancel = cancel] {
        start.arrive_and_wait();
        cancel();
        for (const auto& each : below) missed += !each.ctx.done();
      };
      {
        const std::jthread one(cancel_and_look);
        const std::jthread two(cancel_and_look);
        const std::jthread lower([&] {
          start.arrive_and_wait();
          below[1].cancel(cancel_reason::overload);
        });
      }
      REQUIRE(missed == 0);
    }
  }
  SECTION("without waiting for the work") {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::latch cancelled(1);
    const std::jthread work([&, copy = ctx] {
      copy.wait();
      cancelled.wait();
    });
    cancel(); // would never return if it waited
    cancelled.count_down();
    CHECK(ctx.done());
  }
}

TEST_CASE(
    "context: the first cancel wins, nothing changes afterwards, and a child cancelled first keeps its own cause",
    "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  const cancel_cause first{cancel_reason::client_closed, std::make_error_code(std::errc::connection_reset), "gone"};
  SECTION("the first cancel") {
    cancel(first);
    cancel({cancel_reason::shutdown, {}, "too late"});
    cancel();
    check_ended(ctx, context_errc::canceled, first);
  }
  SECTION("a cancel before the deadline") {
    auto [timed, cancel_timed] = weir::with_timeout(ctx, 1ms);
    cancel_timed(first);
    const auto won = timed.cause();
    CHECK_FALSE(ctx.wait_for(2ms));
    CHECK(timed.cause() == won);
  }
  SECTION("a deadline before the cancel") {
    auto [timed, cancel_timed] = weir::with_timeout(ctx, 0s);
    cancel_timed(first);
    cancel(first);
    check_ended(timed, context_errc::deadline_exceeded,
                {cancel_reason::timeout, context_errc::deadline_exceeded, ""});
  }
  SECTION("a child's own") {
    auto [child, cancel_child] = weir::with_cancel(ctx);
    auto [grandchild, cancel_grandchild] = weir::with_cancel(child);
    cancel_child(cancel_reason::overload);
    cancel(first);
    check_ended(child, context_errc::canceled, {cancel_reason::overload, context_errc::canceled, ""});
    CHECK(grandchild.cause() == child.cause());
    check_ended(ctx, context_errc::canceled, first);
  }
}

TEST_CASE("context: done implies an error, and an error implies done", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  CHECK_FALSE(ctx.done());
  CHECK_FALSE(ctx.error());
  CHECK(ctx.reason() == cancel_reason::none);
  CHECK(ctx.cause() == cancel_cause());
  SECTION("before and after") {
    cancel();
    CHECK(ctx.done());
    CHECK(ctx.error());
    CHECK(ctx.reason() != cancel_reason::none);
    CHECK(ctx.cause() != cancel_cause());
  }
  SECTION("at every moment, from another thread") {
    std::atomic<int> broken = 0;
    std::latch looking(1);
    {
      const std::jthread looker([&, copy = ctx] {
        looking.count_down();
        for (bool done = false; !done;) {
          const bool error = static_cast<bool>(copy.error());
          done = copy.done();
          broken += error && !done;
          broken += done && (!copy.error() || copy.reason() == cancel_reason::none);
        }
      });
      looking.wait();
      cancel(cancel_reason::shutdown);
    }
    CHECK(broken == 0);
  }
}

TEST_CASE("context: a child of a cancelled parent starts cancelled, with the parent's error and cause", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [timed, cancel_timed] = weir::with_timeout(ctx, 0s, {cancel_reason::none, {}, "slow"});
  cancel({cancel_reason::client_reset, {}, "reset"});
  for (const auto& parent : {ctx, timed}) {
    auto [child, cancel_child] = weir::with_cancel(parent);
    auto [with_ids, cancel_with_ids] = weir::with_cancel(parent, {1, 2, 3});
    auto [later, cancel_later] = weir::with_timeout(parent, 1h, {cancel_reason::timeout, {}, "unused"});
    auto [past, cancel_past] = weir::with_timeout(parent, -1s, {cancel_reason::timeout, {}, "unused"});
    auto [below, cancel_below] = weir::with_cancel(weir::with_value<place_key>(parent, 1));
    for (const auto& each : {child, with_ids, later, past, below}) {
      CHECK(each.done());
      CHECK(each.error() == parent.error());
      CHECK(each.cause() == parent.cause());
    }
  }
}

TEST_CASE(
    "context: the earlier deadline ends a child, the later's cause is unused, and a past one is exceeded at once",
    "[context][concurrent]") {
  SECTION("the parent's is earlier") {
    auto [parent, cancel_parent] =
        weir::with_timeout(weir::background(), 1ms, {cancel_reason::overload, {}, "outer"});
    auto [child, cancel_child] = weir::with_timeout(parent, 1h, {cancel_reason::timeout, {}, "inner"});
    CHECK(child.deadline() == parent.deadline());
    CHECK(child.wait());
    check_ended(child, context_errc::deadline_exceeded,
                {cancel_reason::overload, context_errc::deadline_exceeded, "outer"});
  }
  SECTION("its own is earlier") {
    auto [parent, cancel_parent] = weir::with_deadline(weir::background(), an_hour_ahead());
    auto [child, cancel_child] = weir::with_timeout(parent, 1ms, {cancel_reason::timeout, {}, "inner"});
    CHECK(child.deadline() < parent.deadline());
    CHECK(child.wait());
    CHECK(child.cause().text == "inner");
    CHECK_FALSE(parent.done());
  }
  SECTION("in the past") {
    auto [ctx, cancel] = weir::with_deadline(weir::background(), weir::context::clock::now() - 1ns);
    check_ended(ctx, context_errc::deadline_exceeded, {cancel_reason::deadline, context_errc::deadline_exceeded, ""});
    auto [zero, cancel_zero] = weir::with_timeout(weir::background(), 0s);
    auto [least, cancel_least] = weir::with_timeout(weir::background(), weir::context::duration::min());
    for (const auto& each : {zero, least}) CHECK(each.reason() == cancel_reason::timeout);
  }
}

TEST_CASE("context: a deadline's own cause is used only when it expires, and cancelling with no cause gives canceled",
          "[context]") {
  const cancel_cause none{cancel_reason::application, context_errc::canceled, ""};
  auto [ctx, cancel] =
      weir::with_deadline(weir::background(), an_hour_ahead(), {cancel_reason::deadline, {}, "expired"});
  auto [child, cancel_child] = weir::with_cancel(ctx);
  cancel();
  check_ended(ctx, context_errc::canceled, none);
  check_ended(child, context_errc::canceled, none);
  auto [past, cancel_past] = weir::with_timeout(weir::background(), 0s, {cancel_reason::none, {}, "expired"});
  check_ended(past, context_errc::deadline_exceeded,
              {cancel_reason::timeout, context_errc::deadline_exceeded, "expired"});
  auto [plain, cancel_plain] = weir::with_cancel(weir::background());
  cancel_plain();
  check_ended(plain, context_errc::canceled, none);
}

TEST_CASE(
    "context: cancelling or expiring unlinks the child and stops its timer, so a long-lived parent does not grow",
    "[context]") {
  const auto alive = std::make_shared<int>();
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  const auto carrying = weir::with_value<shared_key>(parent, alive);
  CHECK(alive.use_count() == 2);
  for (int i = 0; i < 1000; ++i) {
    auto [timed, cancel_timed] = weir::with_timeout(weir::with_value<shared_key>(carrying, alive), 1h);
    auto [expired, cancel_expired] = weir::with_timeout(weir::with_value<shared_key>(carrying, alive), 0s);
    auto [dropped, cancel_dropped] = weir::with_timeout(weir::with_value<shared_key>(carrying, alive), 1h);
    cancel_dropped.release();
    CHECK(alive.use_count() == 5);
  }
  // Were a child kept by its parent, or its timer by the queue, its node and so the value above it would be too.
  CHECK(alive.use_count() == 2);
  CHECK_FALSE(parent.done());
  cancel_parent(); // would come upon those that are gone
  CHECK(carrying.done());
}

TEST_CASE("context: cancelling a child touches neither parent nor siblings", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_cancel(ctx);
  auto [sibling, cancel_sibling] = weir::with_timeout(ctx, 1h);
  auto [nephew, cancel_nephew] = weir::with_cancel(sibling);
  int told = 0;
  const auto parents = ctx.on_done([&] { ++told; });
  const auto siblings = sibling.on_done([&] { ++told; });
  SECTION("cancelled") { cancel_child(); }
  SECTION("dropped") { cancel_child = {}; }
  SECTION("expired") {
    auto [past, cancel_past] = weir::with_timeout(ctx, 0s);
    CHECK(past.done());
    cancel_child();
  }
  CHECK(child.done());
  for (const auto& each : {ctx, sibling, nephew}) {
    CHECK_FALSE(each.done());
    CHECK_FALSE(each.error());
  }
  CHECK(told == 0);
}

TEST_CASE("context: without_cancel keeps the values and drops deadline, done, error and cause", "[context]") {
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 1h);
  const auto carrying = weir::with_correlation(weir::with_value<name_key>(ctx, "ada"), {1, 2, 3});
  const auto before = weir::without_cancel(carrying);
  cancel();
  const auto after = weir::without_cancel(carrying);
  for (const auto& each : {before, after}) {
    CHECK_FALSE(each.done());
    CHECK_FALSE(each.can_be_done());
    CHECK_FALSE(each.error());
    CHECK(each.reason() == cancel_reason::none);
    CHECK(each.cause() == cancel_cause());
    CHECK(each.deadline() == std::nullopt);
    CHECK(*each.value<name_key>() == "ada");
    REQUIRE(each.ids());
    CHECK(*each.ids() == weir::correlation{1, 2, 3});
  }
  auto [again, cancel_again] = weir::with_cancel(after);
  CHECK_FALSE(again.done());
  cancel_again();
  CHECK(again.done());
}

TEST_CASE("context: callbacks run by themselves or at once, independently, and stop says what it did and never waits",
          "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  int first_runs = 0;
  int second_runs = 0;
  auto first = ctx.on_done([&] { ++first_runs; });
  auto second = ctx.on_done([&] { ++second_runs; });
  SECTION("once, when the context ends, or at once") {
    CHECK(first_runs == 0);
    cancel();
    cancel();
    CHECK(first_runs == 1);
    std::thread::id where;
    CHECK_FALSE(ctx.on_done([&] { where = std::this_thread::get_id(); }));
    CHECK(where == std::this_thread::get_id());
  }
  SECTION("independent") {
    CHECK(first.stop());
    CHECK_FALSE(first.stop());
    cancel();
    CHECK(first_runs == 0);
    CHECK(second_runs == 1);
    CHECK_FALSE(second.stop());
  }
  SECTION("without waiting") {
    std::latch running(1);
    std::latch stopped(1);
    auto registration = ctx.on_done([&] {
      running.count_down();
      stopped.wait();
    });
    const std::jthread canceller([&cancel = cancel] { cancel(); });
    running.wait();
    CHECK_FALSE(registration.stop()); // would never return if it waited
    stopped.count_down();
  }
}
