// A context that begins again: in the same memory if nobody could tell, and as a new one if somebody could.
#include "weir/context.hpp"

#include <atomic>
#include <barrier>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::cancel_reason;

namespace {

constexpr weir::correlation first_ids{1, 2, 3}, second_ids{4, 5, 6};

/// Ended and then renewed. Whether in the same memory shows by where the ids are.
bool renewed_in_place(weir::cancellable& made, const weir::context& parent) {
  const weir::correlation* const before = made.ctx.ids();
  made.cancel();
  weir::renew(made, parent, second_ids);
  return made.ctx.ids() == before;
}

weir::context_limit in(weir::context::duration time, cancel_reason reason = cancel_reason::timeout) {
  const auto now = weir::context::clock::now();
  return {.deadline = now + time, .reason = reason, .now = now};
}

} // namespace

TEST_CASE("renew: a context that has ended and that nobody else holds begins again in place", "[context][renew]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  weir::cancellable made = weir::with_cancel(parent, first_ids);
  for (int i = 0; i < 3; ++i) {
    CHECK(renewed_in_place(made, parent));
    CHECK_FALSE(made.ctx.done());
    CHECK(made.ctx.reason() == cancel_reason::none);
    CHECK(*made.ctx.ids() == second_ids);
  }
  bool told = false;
  const auto registration = made.ctx.on_done([&] { told = true; });
  cancel_parent(cancel_reason::shutdown);
  CHECK(told);
  CHECK(made.ctx.reason() == cancel_reason::shutdown);
}

TEST_CASE("renew: whoever still holds the one before is left with it", "[context][renew]") {
  weir::cancellable made = weir::with_cancel(weir::background(), first_ids);
  SECTION("a handle") {
    const weir::context held = made.ctx;
    CHECK_FALSE(renewed_in_place(made, weir::background()));
    CHECK(held.done());
    CHECK(*held.ids() == first_ids);
  }
  SECTION("a child") {
    const weir::cancellable child = weir::with_cancel(made.ctx);
    CHECK_FALSE(renewed_in_place(made, weir::background()));
    CHECK(child.ctx.done());
    CHECK(*child.ctx.ids() == first_ids);
  }
  SECTION("a registration that has run") {
    const auto registration = made.ctx.on_done([] {});
    CHECK_FALSE(renewed_in_place(made, weir::background()));
  }
  SECTION("a function that could end it") {
    const weir::cancel_function share = made.cancel.share();
    CHECK_FALSE(renewed_in_place(made, weir::background()));
    share();
  }
  CHECK_FALSE(made.ctx.done());
  CHECK(*made.ctx.ids() == second_ids);
}

TEST_CASE("renew: one that goes on is ended, and its callbacks run", "[context][renew]") {
  weir::cancellable made = weir::with_cancel(weir::background(), first_ids);
  bool told = false;
  made.ctx.on_done([&] { told = true; }).detach();
  weir::renew(made, weir::background(), second_ids);
  CHECK(told);
  CHECK_FALSE(made.ctx.done());
}

TEST_CASE("retire: a context that nobody else holds goes on and is renewed in place", "[context][renew]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  weir::cancellable made = weir::with_cancel(parent, first_ids);
  const weir::correlation* const before = made.ctx.ids();
  weir::retire(made);
  CHECK_FALSE(made.ctx.done());
  weir::renew(made, parent, second_ids);
  CHECK(made.ctx.ids() == before);
  CHECK(*made.ctx.ids() == second_ids);
  weir::retire(made);
  cancel_parent(cancel_reason::shutdown);
  CHECK(made.ctx.reason() == cancel_reason::shutdown);
  weir::renew(made, parent, first_ids);
  CHECK(made.ctx.reason() == cancel_reason::shutdown);
}

TEST_CASE("retire: whoever holds the context or waits for its end sees it end", "[context][renew]") {
  weir::cancellable made = weir::with_cancel(weir::background(), first_ids);
  bool told = false;
  SECTION("a handle") {
    const weir::context held = made.ctx;
    weir::retire(made);
    told = held.done();
  }
  SECTION("a child") {
    const weir::cancellable child = weir::with_cancel(made.ctx);
    weir::retire(made);
    told = child.ctx.done();
  }
  SECTION("a callback") {
    made.ctx.on_done([&] { told = true; }).detach();
    weir::retire(made);
  }
  SECTION("a function that could end it") {
    const weir::cancel_function share = made.cancel.share();
    weir::retire(made);
    told = made.ctx.done();
  }
  CHECK(told);
}

TEST_CASE("renew: from nothing, from another kind and under another parent it is a new one", "[context][renew]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  weir::cancellable made;
  weir::renew(made, parent, first_ids);
  CHECK(*made.ctx.ids() == first_ids);

  made = weir::with_cancel(parent);
  CHECK_FALSE(renewed_in_place(made, parent));
  CHECK(*made.ctx.ids() == second_ids);

  CHECK_FALSE(renewed_in_place(made, weir::background()));
  made.cancel.release();
  weir::renew(made, parent, second_ids);
  CHECK_FALSE(made.ctx.done());
  cancel_parent();
  CHECK(made.ctx.done());
}

TEST_CASE("renew: under a parent that has ended it ends at once, for the parent's reason", "[context][renew]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  weir::cancellable made = weir::with_cancel(parent, first_ids);
  made.cancel();
  cancel_parent(cancel_reason::overload);
  CHECK(made.ctx.reason() == cancel_reason::application);
  weir::renew(made, parent, second_ids);
  CHECK(made.ctx.reason() == cancel_reason::overload);
}

TEST_CASE("renew: a parent that ends meanwhile ends it all the same", "[context][renew][concurrent]") {
  constexpr int rounds = 500;
  int lost = 0;
  for (int round = 0; round < rounds; ++round) {
    auto [parent, cancel_parent] = weir::with_cancel(weir::background());
    std::barrier start(2);
    weir::cancellable made = weir::with_cancel(parent, first_ids);
    const std::jthread other([&, &cancel_parent = cancel_parent] {
      start.arrive_and_wait();
      cancel_parent(cancel_reason::shutdown);
    });
    start.arrive_and_wait();
    for (int i = 0; i < 20 && made.ctx.reason() != cancel_reason::shutdown; ++i) {
      made.cancel();
      weir::renew(made, parent, second_ids);
    }
    // Were the parent's end missed, this would wait for ever.
    lost += !made.ctx.wait_for(std::chrono::seconds(10));
  }
  CHECK(lost == 0);
}

TEST_CASE("renew: a holder on another thread never sees what comes after its own", "[context][renew][concurrent]") {
  constexpr int rounds = 500;
  std::atomic<int> wrong = 0;
  weir::cancellable made = weir::with_cancel(weir::background(), first_ids);
  for (int round = 0; round < rounds; ++round) {
    const std::jthread holder([&wrong, held = made.ctx, expected = *made.ctx.ids()] {
      held.wait();
      wrong += !held.done() || *held.ids() != expected;
    });
    made.cancel();
    weir::renew(made, weir::background(), round % 2 == 0 ? second_ids : first_ids);
    wrong += made.ctx.done();
  }
  CHECK(wrong == 0);
}

TEST_CASE("renew: one with a deadline begins again in place, with another or with none", "[context][renew]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  weir::cancellable made;
  const weir::context_limit first = in(1h), second = in(2h);
  weir::renew(made, parent, first_ids, first);
  const weir::correlation* const before = made.ctx.ids();
  CHECK(made.ctx.deadline() == first.deadline);
  for (const bool retired : {true, false}) {
    if (retired) weir::retire(made);
    weir::renew(made, parent, second_ids, second);
    CHECK(made.ctx.ids() == before);
    CHECK(*made.ctx.ids() == second_ids);
    CHECK(made.ctx.deadline() == second.deadline);
    weir::retire(made);
    weir::renew(made, parent, first_ids);
    CHECK(made.ctx.ids() == before);
    CHECK(made.ctx.deadline() == std::nullopt);
    CHECK_FALSE(made.ctx.done());
  }
  weir::renew(made, parent, first_ids, first);
  cancel_parent(cancel_reason::shutdown);
  CHECK(made.ctx.reason() == cancel_reason::shutdown);
}

TEST_CASE("renew: a deadline passes for the one that it was given to, and for no other",
          "[context][renew][concurrent]") {
  weir::cancellable made;
  weir::renew(made, weir::background(), first_ids, in(1ms));
  const bool retired = GENERATE(true, false);
  if (retired) weir::retire(made);
  weir::renew(made, weir::background(), first_ids, in(1h));
  CHECK_FALSE(made.ctx.wait_for(5ms));
  weir::retire(made);
  weir::renew(made, weir::background(), second_ids, in(1ms, cancel_reason::deadline));
  CHECK(made.ctx.wait());
  CHECK(made.ctx.error() == weir::context_errc::deadline_exceeded);
  CHECK(made.ctx.reason() == cancel_reason::deadline);
}

TEST_CASE("renew: a deadline that has passed ends the context at once, but for its parent's reason",
          "[context][renew]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  weir::cancellable made;
  for (int i = 0; i < 3; ++i) {
    weir::renew(made, parent, first_ids, in(0s, cancel_reason::deadline));
    CHECK(made.ctx.reason() == cancel_reason::deadline);
    weir::renew(made, parent, first_ids, in(1h));
    CHECK_FALSE(made.ctx.done());
    if (i == 1) weir::retire(made);
  }
  cancel_parent(cancel_reason::overload);
  weir::renew(made, parent, first_ids, in(0s));
  CHECK(made.ctx.reason() == cancel_reason::overload);
}

TEST_CASE("renew: an earlier deadline of the parent's counts", "[context][renew]") {
  const auto when = weir::context::clock::now() + 1h;
  const weir::cancellable parent = weir::with_deadline(weir::background(), when);
  weir::cancellable made;
  weir::renew(made, parent.ctx, first_ids, in(2h));
  CHECK(made.ctx.deadline() == when);
  weir::renew(made, parent.ctx, first_ids, in(1min));
  CHECK(made.ctx.deadline() < when);
  weir::renew(made, parent.ctx, first_ids, in(2h));
  CHECK(made.ctx.deadline() == when);
}

TEST_CASE("renew: requests that come while deadlines pass have their own, and are ended by no other",
          "[context][renew][concurrent]") {
  int wrong = 0;
  weir::cancellable made;
  for (int round = 0; round < 2000; ++round) {
    // About to pass, passing or passed when the next one begins.
    weir::renew(made, weir::background(), first_ids, in(std::chrono::microseconds(round % 100)));
    for (int i = 0; i < round % 17; ++i) std::this_thread::yield();
    if (round % 2 == 0) weir::retire(made);
    weir::renew(made, weir::background(), second_ids, in(1h));
    for (int i = 0; i < round % 5; ++i) std::this_thread::yield();
    wrong += made.ctx.done();
  }
  CHECK(wrong == 0);
}

// It used to be live where the parent's cascade had not come to it yet.
TEST_CASE("renew: under a parent that is just ending it gives a context that is done when it returns",
          "[context][renew][concurrent]") {
  int wrong = 0;
  for (int round = 0; round < 50; ++round) {
    auto [parent, cancel_parent] = weir::with_cancel(weir::background());
    std::vector<weir::cancellable> before; // which keep the cascade busy
    while (before.size() < 2000) before.push_back(weir::with_cancel(parent));
    weir::cancellable made = weir::with_cancel(parent, first_ids);
    const std::jthread other([end = cancel_parent.share()] { end(cancel_reason::shutdown); });
    while (!parent.done()) {
    }
    weir::renew(made, parent, second_ids);
    wrong += !made.ctx.done();
  }
  CHECK(wrong == 0);
}
