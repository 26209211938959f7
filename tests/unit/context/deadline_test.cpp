// Contexts that end by themselves. Deadlines that are to pass are waited for; those that must not are an hour off.
#include "weir/context.hpp"

#include <chrono>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::cancel_cause;
using weir::cancel_reason;
using weir::context_errc;

namespace {

weir::context::time_point in_an_hour() { return weir::context::clock::now() + 1h; }

} // namespace

TEST_CASE("context: a deadline passes and ends the context and all below it", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 1ms);
  auto [child, cancel_child] = weir::with_cancel(ctx);
  CHECK(child.wait());
  CHECK(ctx.done());
  CHECK(ctx.error() == context_errc::deadline_exceeded);
  CHECK(child.error() == context_errc::deadline_exceeded);
  CHECK(child.cause() == cancel_cause{cancel_reason::timeout, context_errc::deadline_exceeded, ""});
}

TEST_CASE("context: the reason of an expired deadline says how it was given", "[context][concurrent]") {
  auto [until, cancel_until] = weir::with_deadline(weir::background(), weir::context::clock::now() + 1ms);
  auto [lasting, cancel_lasting] = weir::with_timeout(weir::background(), 1ms);
  CHECK(until.wait());
  CHECK(lasting.wait());
  CHECK(until.reason() == cancel_reason::deadline);
  CHECK(lasting.reason() == cancel_reason::timeout);
}

TEST_CASE("context: at equal deadlines the parent's cause is used", "[context][concurrent]") {
  const auto when = weir::context::clock::now() + 1ms;
  auto [parent, cancel_parent] =
      weir::with_deadline(weir::background(), when, {cancel_reason::deadline, {}, "outer"});
  auto [child, cancel_child] = weir::with_deadline(parent, when, {cancel_reason::deadline, {}, "inner"});
  CHECK(child.wait());
  CHECK(child.cause().text == "outer");
}

TEST_CASE("context: deadlines are inherited by every kind of child but without_cancel", "[context]") {
  struct key {
    using value_type = int;
  };
  const auto when = in_an_hour();
  auto [ctx, cancel] = weir::with_deadline(weir::background(), when);
  CHECK(ctx.deadline() == when);
  CHECK(weir::with_cancel(ctx).ctx.deadline() == when);
  CHECK(weir::with_value<key>(ctx, 1).deadline() == when);
  CHECK(weir::with_correlation(ctx, {1, 2, 3}).deadline() == when);
  CHECK(weir::without_cancel(ctx).deadline() == std::nullopt);
}

TEST_CASE("context: a time-out too long for the clock is no deadline", "[context]") {
  auto [ctx, cancel] = weir::with_timeout(weir::background(), weir::context::duration::max());
  CHECK_FALSE(ctx.done());
  CHECK(ctx.deadline() == std::nullopt);
  cancel();
  CHECK(ctx.done());
}

TEST_CASE("context: a deadline given under a parent that is done is kept, and its cause is not used", "[context]") {
  const auto when = in_an_hour();
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  cancel_parent(cancel_reason::shutdown);
  auto [child, cancel] = weir::with_deadline(parent, when, {cancel_reason::deadline, {}, "unused"});
  CHECK(child.deadline() == when);
  CHECK(child.cause() == parent.cause());
}
