// Bad use that is defined: nothing here may hang, crash or leak.
#include "weir/context.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "failures.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

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

TEST_CASE("context: an empty canceller and an empty registration do nothing", "[context]") {
  weir::canceller none;
  none();
  none(weir::cancel_reason::shutdown);
  none({weir::cancel_reason::shutdown, {}, "text"});
  none.release();
  CHECK_FALSE(none);
  CHECK_FALSE(none.share());
  weir::done_registration nothing;
  CHECK_FALSE(nothing.stop());
  nothing.detach();
}

TEST_CASE("context: a moved-from canceller and context are empty", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  weir::canceller taken = std::move(cancel);
  cancel();
  CHECK_FALSE(ctx.done());
  weir::context moved = std::move(ctx);
  CHECK_FALSE(ctx.can_be_done());
  taken();
  CHECK(moved.done());
}

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
