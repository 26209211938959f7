// Bad use of handles that is defined: nothing here may hang, crash or leak. What callbacks may do: reentry_test.
#include "weir/context.hpp"

#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::cancel_reason;

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

TEST_CASE("context: a moved-from context is a parent like the background", "[context]") {
  struct key {
    using value_type = int;
  };
  auto [ctx, cancel] = weir::with_timeout(weir::with_value<key>(weir::background(), 1), 1h);
  const weir::context taken = std::move(ctx);
  CHECK(ctx == weir::background());
  CHECK_FALSE(weir::without_cancel(ctx).can_be_done());
  CHECK(weir::with_value<key>(ctx, 2).value<key>() != nullptr);
  CHECK(weir::with_correlation(ctx, {1, 2, 3}).ids() != nullptr);
  auto [child, cancel_child] = weir::with_cancel(ctx);
  auto [timed, cancel_timed] = weir::with_timeout(ctx, 1h);
  cancel();
  CHECK(taken.done());
  for (const auto& each : {child, timed}) {
    CHECK_FALSE(each.done());
    CHECK(each.value<key>() == nullptr);
  }
  CHECK_FALSE(ctx.wait());
  CHECK_FALSE(ctx.on_done([] {}));
}

TEST_CASE("context: handles assigned or moved onto themselves stay what they are", "[context]") {
  auto made = weir::with_cancel(weir::background());
  int runs = 0;
  auto registration = made.ctx.on_done([&] { ++runs; });
  weir::cancel_function function = made.cancel.share();
  // By reference, as the compiler would warn of it otherwise.
  auto& same_ctx = made.ctx;
  auto& same_cancel = made.cancel;
  auto& same_registration = registration;
  auto& same_function = function;
  auto& same_made = made;
  made.ctx = same_ctx;
  made.ctx = std::move(same_ctx);
  made.cancel = std::move(same_cancel);
  registration = std::move(same_registration);
  function = same_function;
  function = std::move(same_function);
  made = std::move(same_made);
  CHECK(made.ctx.can_be_done());
  CHECK_FALSE(made.ctx.done());
  CHECK(registration);
  CHECK(function);
  made.cancel();
  CHECK(made.ctx.done());
  CHECK(runs == 1);
}

TEST_CASE("context: handles that have done their part may be asked again", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto detached = ctx.on_done([] {});
  detached.detach();
  detached.detach();
  CHECK_FALSE(detached.stop());
  auto stopped = ctx.on_done([] {});
  CHECK(stopped.stop());
  CHECK_FALSE(stopped.stop());
  stopped.detach();
  cancel.release();
  cancel.release();
  cancel(cancel_reason::shutdown);
  CHECK_FALSE(cancel.share());
  CHECK_FALSE(ctx.done());
}

TEST_CASE("context: a reason that is none of the list has a name, too", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel(static_cast<cancel_reason>(200));
  CHECK(to_string_view(ctx.reason()) == "unknown");
  CHECK(std::error_code(200, weir::context_category()).message() == "unknown context error");
}

TEST_CASE("renew: of nothing, of halves that do not belong together, and below itself", "[context][renew]") {
  constexpr weir::correlation ids{1, 2, 3};
  weir::cancellable made;
  weir::retire(made);
  weir::renew(made, weir::background(), ids);
  CHECK_FALSE(made.ctx.done());
  SECTION("below itself it ends with what it was") {
    weir::renew(made, made.ctx, *made.ctx.ids());
    CHECK(made.ctx.done());
    CHECK(*made.ctx.ids() == ids);
  }
  SECTION("the context of one and the canceller of another") {
    auto other = weir::with_cancel(weir::background(), ids);
    std::swap(made.ctx, other.ctx);
    const weir::context of_canceller = other.ctx;
    weir::retire(made);
    CHECK(of_canceller.done());
    weir::renew(made, weir::background(), ids);
    CHECK_FALSE(made.ctx.done());
    made.cancel();
    CHECK(made.ctx.done());
  }
}
