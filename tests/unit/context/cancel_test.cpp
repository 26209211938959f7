// How contexts end: by hand, once, and with all below them.
#include "weir/context.hpp"

#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using weir::cancel_cause;
using weir::cancel_reason;
using weir::context_errc;

TEST_CASE("context: the background is never done and has nothing", "[context]") {
  const weir::context ctx;
  CHECK_FALSE(ctx.done());
  CHECK_FALSE(ctx.can_be_done());
  CHECK(ctx.error() == std::error_code());
  CHECK(ctx.reason() == cancel_reason::none);
  CHECK(ctx.cause() == cancel_cause());
  CHECK(ctx.deadline() == std::nullopt);
  CHECK(ctx.ids() == nullptr);
  CHECK(ctx == weir::background());
}

TEST_CASE("context: cancel is idempotent, and every descendant is done when it returns", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_cancel(ctx);
  auto [timed, cancel_timed] = weir::with_timeout(child, std::chrono::hours(1));
  auto [grandchild, cancel_grandchild] = weir::with_cancel(timed);
  CHECK_FALSE(grandchild.done());
  cancel();
  CHECK(ctx.done());
  CHECK(child.done());
  CHECK(timed.done());
  CHECK(grandchild.done());
  cancel();
  CHECK(grandchild.error() == context_errc::canceled);
}

TEST_CASE("context: cancel is safe from any thread, and descendants are done for whichever caller returns",
          "[context][concurrent]") {
  for (int round = 0; round < 200; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::vector<weir::cancellable> below;
    for (int i = 0; i < 20; ++i) below.push_back(weir::with_cancel(i == 0 ? ctx : below[i / 2].ctx));
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

TEST_CASE("context: the first cancel wins, and error and cause never change afterwards", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel({cancel_reason::client_closed, std::make_error_code(std::errc::connection_reset), "peer went away"});
  cancel({cancel_reason::shutdown, {}, "too late"});
  CHECK(ctx.error() == context_errc::canceled);
  CHECK(ctx.cause() == cancel_cause{cancel_reason::client_closed, std::make_error_code(std::errc::connection_reset),
                                    "peer went away"});
}

TEST_CASE("context: a child cancelled first keeps its own cause", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_cancel(ctx);
  cancel_child(cancel_reason::overload);
  cancel(cancel_reason::shutdown);
  CHECK(child.reason() == cancel_reason::overload);
  CHECK(ctx.reason() == cancel_reason::shutdown);
}

TEST_CASE("context: done implies an error, and an error implies done", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  CHECK_FALSE(ctx.done());
  CHECK_FALSE(ctx.error());
  CHECK(ctx.reason() == cancel_reason::none);
  cancel();
  CHECK(ctx.done());
  CHECK(ctx.error());
  CHECK(ctx.reason() != cancel_reason::none);
}

TEST_CASE("context: a child of a cancelled parent starts cancelled, with the parent's error and cause", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel({cancel_reason::client_reset, {}, "reset"});
  auto [child, cancel_child] = weir::with_cancel(ctx);
  auto [timed, cancel_timed] = weir::with_timeout(ctx, std::chrono::hours(1), {cancel_reason::timeout, {}, "unused"});
  auto [late, cancel_late] = weir::with_timeout(ctx, std::chrono::seconds(-1));
  for (const auto& each : {child, timed, late}) {
    CHECK(each.done());
    CHECK(each.error() == context_errc::canceled);
    CHECK(each.cause() == ctx.cause());
  }
}

TEST_CASE("context: cancelling with no cause gives canceled", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel();
  CHECK(ctx.cause() == cancel_cause{cancel_reason::application, context_errc::canceled, ""});
}

TEST_CASE("context: a cause without reason or error gets the defaults", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel(cancel_cause{cancel_reason::none, {}, "why not"});
  CHECK(ctx.cause() == cancel_cause{cancel_reason::application, context_errc::canceled, "why not"});
}

TEST_CASE("context: cancelling a child touches neither parent nor siblings", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto [child, cancel_child] = weir::with_cancel(ctx);
  auto [sibling, cancel_sibling] = weir::with_cancel(ctx);
  cancel_child();
  CHECK(child.done());
  CHECK_FALSE(ctx.done());
  CHECK_FALSE(sibling.done());
}

TEST_CASE("context: leaving the canceller's scope cancels", "[context]") {
  weir::context kept;
  {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    kept = ctx;
    CHECK_FALSE(kept.done());
  }
  CHECK(kept.error() == context_errc::canceled);
}

TEST_CASE("context: a released canceller no longer cancels, a shared function still does", "[context]") {
  weir::context kept;
  weir::cancel_function stop;
  {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    kept = ctx;
    stop = cancel.share();
    cancel.release();
    cancel();
  }
  CHECK_FALSE(kept.done());
  { const weir::cancel_function copy = stop; }
  CHECK_FALSE(kept.done());
  stop(cancel_reason::shutdown);
  CHECK(kept.reason() == cancel_reason::shutdown);
}

TEST_CASE("context: assigning to a canceller cancels what it was for", "[context]") {
  auto [first, cancel] = weir::with_cancel(weir::background());
  auto [second, cancel_second] = weir::with_cancel(weir::background());
  cancel = std::move(cancel_second);
  CHECK(first.done());
  CHECK_FALSE(second.done());
  cancel();
  CHECK(second.done());
}

TEST_CASE("context: errors compare with std::errc and say what happened", "[context]") {
  CHECK(make_error_code(context_errc::canceled) == std::errc::operation_canceled);
  CHECK(make_error_code(context_errc::deadline_exceeded) == std::errc::timed_out);
  CHECK(make_error_code(context_errc::canceled).message() == "context canceled");
  CHECK(make_error_code(context_errc::deadline_exceeded).message() == "context deadline exceeded");
  CHECK(std::string(weir::context_category().name()) == "weir.context");
}

TEST_CASE("context: every reason has a name", "[context]") {
  CHECK(to_string_view(cancel_reason::none) == "none");
  CHECK(to_string_view(cancel_reason::client_closed) == "client_closed");
  CHECK(to_string_view(cancel_reason::client_reset) == "client_reset");
  CHECK(to_string_view(cancel_reason::deadline) == "deadline");
  CHECK(to_string_view(cancel_reason::timeout) == "timeout");
  CHECK(to_string_view(cancel_reason::shutdown) == "shutdown");
  CHECK(to_string_view(cancel_reason::application) == "application");
  CHECK(to_string_view(cancel_reason::overload) == "overload");
}
