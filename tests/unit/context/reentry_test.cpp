// Callbacks, and destructors of what they own, that reach back into the contexts they belong to.
#include "weir/context.hpp"

#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "failures.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::cancel_reason;

namespace {

/// Calls a function when destroyed, unless moved from.
template <typename Function>
class at_end {
 public:
  explicit at_end(Function function) : function_(std::move(function)) {}
  at_end(at_end&& other) noexcept : function_(std::exchange(other.function_, std::nullopt)) {}
  ~at_end() {
    if (function_) (*function_)();
  }

 private:
  std::optional<Function> function_;
};

} // namespace

TEST_CASE("context: waiting inside a callback of the same context returns at once", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  bool all = false;
  const auto registration =
      ctx.on_done([&, copy = ctx] { all = copy.wait() && copy.wait_for(1h) && copy.wait_until({}); });
  cancel();
  CHECK(all);
}

TEST_CASE("context: cancelling again inside a callback does nothing", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_cancel(ctx);
  int runs = 0;
  const auto registration = child.on_done([&, &cancel = cancel, &cancel_child = cancel_child] {
    ++runs;
    cancel(weir::cancel_reason::overload);
    cancel_child(weir::cancel_reason::overload);
  });
  cancel(weir::cancel_reason::shutdown);
  CHECK(runs == 1);
  CHECK(child.reason() == weir::cancel_reason::shutdown);
}

TEST_CASE("context: a callback may destroy its own registration, context and canceller", "[context]") {
  struct held {
    weir::context ctx;
    std::optional<weir::canceller> cancel;
    weir::done_registration registration;
  };
  auto made = weir::with_cancel(weir::background());
  auto all = std::make_unique<held>();
  all->ctx = std::move(made.ctx);
  all->cancel.emplace(std::move(made.cancel));
  bool ran = false;
  all->registration = all->ctx.on_done([&] {
    all.reset();
    ran = true;
  });
  (*all->cancel)();
  CHECK(ran);
  CHECK_FALSE(all);
}

TEST_CASE("context: a callback may stop itself, which prevents nothing", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  weir::done_registration registration;
  bool prevented = true;
  registration = ctx.on_done([&] { prevented = registration.stop(); });
  cancel();
  CHECK_FALSE(prevented);
}

TEST_CASE("context: a callback that owns its context and is stopped leaves nothing behind", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  {
    const auto registration = ctx.on_done([ctx = ctx] {});
  }
  ctx.on_done([ctx = ctx] {}).detach();
  cancel();
  CHECK(ctx.done());
}

TEST_CASE("context: a callback may assign to the canceller that is just being assigned to", "[context]") {
  auto [first, cancel] = weir::with_cancel(weir::background());
  auto second = weir::with_cancel(weir::background());
  auto third = weir::with_cancel(weir::background());
  first.on_done([&, &cancel = cancel] { cancel = std::move(third.cancel); }).detach();
  cancel = std::move(second.cancel);
  CHECK(first.done());
  // The callback's assignment is the later one, and ended what the outer had taken over.
  CHECK(second.ctx.done());
  CHECK_FALSE(third.ctx.done());
  cancel();
  CHECK(third.ctx.done());
}

TEST_CASE("context: a callback may destroy the canceller that is just being assigned to", "[context]") {
  auto first = weir::with_cancel(weir::background());
  auto second = weir::with_cancel(weir::background());
  auto cancel = std::make_unique<weir::canceller>(std::move(first.cancel));
  first.ctx.on_done([&] { cancel.reset(); }).detach();
  *cancel = std::move(second.cancel);
  CHECK(first.ctx.done());
  CHECK(second.ctx.done());
  CHECK_FALSE(cancel);
}

TEST_CASE("context: what a stopped callback owns may assign to the registration that stops it", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  int runs = 0;
  weir::done_registration registration;
  registration = ctx.on_done([owned = at_end([&, &ctx = ctx] { registration = ctx.on_done([&] { ++runs; }); })] {});
  registration = ctx.on_done([&] { runs += 10; });
  cancel();
  CHECK(runs == 1);
}

TEST_CASE("context: a callback that runs at once may drop the last handle to its context and throw", "[context]") {
  const weir_test::failure_log log;
  auto made = weir::with_cancel(weir::with_correlation(weir::background(), {1, 2, 3}));
  made.cancel();
  made.cancel.release();
  auto last = std::make_unique<weir::context>(std::move(made.ctx));
  last->on_done([&] {
        last.reset();
        throw std::runtime_error("the listener's own failure");
      })
      .detach();
  REQUIRE(log.contexts().size() == 1);
  CHECK(log.contexts().front().ids()->span_id == 3);
}

TEST_CASE("context: waiting inside a callback for a descendant, or by one for an ancestor, returns at once",
          "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_timeout(ctx, 1h);
  int waited = 0;
  const auto of_parent = ctx.on_done([&, &child = child] { waited += child.wait() && child.wait_for(1h); });
  const auto of_child = child.on_done([&, &ctx = ctx] { waited += ctx.wait() && ctx.wait_for(1h); });
  cancel();
  CHECK(waited == 2);
}

TEST_CASE("context: a callback registered by a callback of the same context runs within it", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_cancel(ctx);
  std::string order;
  weir::done_registration kept;
  const auto first = ctx.on_done([&, &ctx = ctx, &child = child] {
    order += 'a';
    kept = ctx.on_done([&] { order += 'b'; });
    child.on_done([&] { order += 'c'; }).detach();
    order += 'd';
  });
  const auto second = ctx.on_done([&] { order += 'e'; });
  cancel();
  CHECK(order == "abcde");
  CHECK_FALSE(kept);
}

TEST_CASE("context: callbacks of one cascade may stop each other, upwards in vain", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_cancel(ctx);
  auto [sibling, cancel_sibling] = weir::with_cancel(ctx);
  std::string run;
  weir::done_registration of_parent, of_child, of_sibling, of_both;
  std::optional<bool> upwards, downwards;
  of_parent = ctx.on_done([&] {
    run += 'p';
    downwards = of_child.stop();
  });
  of_child = child.on_done([&] { run += 'c'; });
  of_sibling = sibling.on_done([&] {
    run += 's';
    upwards = of_parent.stop();
    of_both = {};
  });
  of_both = sibling.on_done([&] { run += 'b'; });
  cancel();
  CHECK(run == "ps");
  CHECK(downwards == true);
  CHECK(upwards == false);
}

TEST_CASE("context: a callback may destroy parent, siblings, descendants and all registrations", "[context]") {
  struct tree {
    weir::cancellable root = weir::with_cancel(weir::background());
    weir::cancellable middle = weir::with_cancel(root.ctx);
    weir::cancellable sibling = weir::with_timeout(root.ctx, 1h);
    weir::cancellable leaf = weir::with_cancel(middle.ctx);
    std::vector<weir::done_registration> registrations;
  };
  for (int who = 0; who < 4; ++who) {
    for (int ended = 0; ended < 2; ++ended) {
      auto all = std::make_unique<tree>();
      int runs = 0;
      weir::context* const contexts[] = {&all->root.ctx, &all->middle.ctx, &all->sibling.ctx, &all->leaf.ctx};
      // Two each: one before and one behind the one that destroys them.
      const auto count = [&runs] { ++runs; };
      for (auto* each : contexts) all->registrations.push_back(each->on_done(count));
      all->registrations.push_back(contexts[who]->on_done([&all] { all.reset(); }));
      for (auto* each : contexts) all->registrations.push_back(each->on_done(count));
      if (ended == 0)
        all->root.cancel();
      else
        all->root.cancel = {};
      CHECK_FALSE(all);
      CHECK(runs >= 1);
      CHECK(runs <= 7);
    }
  }
}

TEST_CASE("context: what a callback owns may cancel, register and derive when it goes", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto other = weir::with_cancel(weir::background());
  int ended = 0;
  const auto of_other = other.ctx.on_done([&] { ++ended; });
  const auto reach_back = [&, &ctx = ctx] {
    other.cancel();
    ctx.on_done([&] { ++ended; }).detach();
    ended += weir::with_cancel(ctx).ctx.done() == ctx.done();
  };
  SECTION("after it has run") {
    ctx.on_done([owned = at_end(reach_back)] {}).detach();
    cancel();
    CHECK(ended == 3);
  }
  SECTION("because it is stopped") {
    auto registration = ctx.on_done([owned = at_end(reach_back)] {});
    CHECK(registration.stop());
    CHECK(ended == 2);
    cancel();
    CHECK(ended == 3);
  }
  SECTION("because its context goes") {
    {
      auto [child, cancel_child] = weir::with_cancel(ctx);
      child.on_done([owned = at_end(reach_back)] {}).detach();
      cancel_child.release();
    }
    CHECK(ended == 2);
    cancel();
    CHECK(ended == 3);
  }
}

TEST_CASE("context: a value may cancel and register when it goes", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  bool told = false;
  const auto reach_back = [&, &ctx = ctx, &cancel = cancel] {
    ctx.on_done([&] { told = true; }).detach();
    cancel();
  };
  struct key {
    using value_type = std::shared_ptr<at_end<std::function<void()>>>;
  };
  {
    auto value = std::make_shared<at_end<std::function<void()>>>(reach_back);
    const auto carrying = weir::with_value<key>(ctx, std::move(value));
    CHECK_FALSE(ctx.done());
  }
  CHECK(ctx.done());
  CHECK(told);
}

TEST_CASE("context: an empty function as a callback is a failure like any other", "[context]") {
  const weir_test::failure_log log;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  ctx.on_done(std::function<void()>()).detach();
  cancel();
  CHECK(log.tasks().size() == 1);
}

TEST_CASE("context: a callback that cannot be copied leaves nothing registered", "[context]") {
  struct refusal {
    refusal() = default;
    refusal(const refusal&) { throw std::runtime_error("cannot be copied"); }
    void operator()() const {}
  };
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  const refusal callback;
  CHECK_THROWS_AS(ctx.on_done(callback), std::runtime_error);
  cancel();
  CHECK_THROWS_AS(ctx.on_done(callback), std::runtime_error);
}

TEST_CASE("context: a stop link may go by what its own token calls", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto link = std::make_unique<weir::stop_link>(ctx);
  const std::stop_token token = link->get_token();
  const std::stop_callback going(token, [&] { link.reset(); });
  cancel();
  CHECK_FALSE(link);
  CHECK(token.stop_requested());
}

TEST_CASE("context: a callback on the timer thread may destroy the canceller, the context and its parent",
          "[context][concurrent]") {
  struct tree {
    weir::cancellable parent = weir::with_cancel(weir::background());
    weir::cancellable timed;
    weir::cancellable child;
  };
  for (int round = 0; round < 50; ++round) {
    auto all = std::make_unique<tree>();
    std::latch gone(1);
    all->timed = weir::with_timeout(all->parent.ctx, 200us);
    all->child = weir::with_timeout(all->timed.ctx, 1h);
    // Its own copy: the one in the tree goes while it is asked.
    const weir::context ctx = all->timed.ctx;
    auto whose = round % 2 == 0 ? ctx : all->child.ctx;
    whose
        .on_done([&] {
          all.reset();
          gone.count_down();
        })
        .detach();
    whose = {};
    gone.wait();
    CHECK_FALSE(all);
  }
}

TEST_CASE("context: a callback on the timer thread may wait for its own context and make new deadlines",
          "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 1ms);
  std::optional<weir::cancellable> next;
  std::latch ran(1);
  bool waited = false;
  const auto registration = ctx.on_done([&, &ctx = ctx] {
    waited = ctx.wait() && ctx.wait_for(1h);
    next = weir::with_timeout(weir::background(), 1ms);
    // Not for that one: this is the thread on which it is to pass.
    waited = waited && !next->ctx.wait_for(3ms);
    ran.count_down();
  });
  ran.wait();
  CHECK(waited);
  CHECK(next->ctx.wait());
}

TEST_CASE(
    "context: a callback that blocks the timer thread holds up the deadlines of others, and no wait with a limit",
    "[context][concurrent]") {
  std::latch begun(1), go_on(1);
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 1ms);
  const auto registration = ctx.on_done([&] {
    begun.count_down();
    go_on.wait();
  });
  begun.wait();
  auto [other, cancel_other] = weir::with_timeout(weir::background(), 1ms);
  CHECK(ctx.done());
  CHECK_FALSE(other.wait_for(3ms));
  go_on.count_down();
  CHECK(other.wait());
}

TEST_CASE("context: callbacks may end one tree after the other", "[context]") {
  constexpr int length = 300;
  std::vector<weir::cancellable> all;
  for (int i = 0; i < length; ++i) all.push_back(weir::with_cancel(weir::background()));
  for (int i = 0; i + 1 < length; ++i) all[i].ctx.on_done([&all, i] { all[i + 1].cancel(); }).detach();
  all.front().cancel();
  CHECK(all.back().ctx.done());
}
