// How contexts are ended by hand: cancellers, reasons and errors.
#include "weir/context.hpp"

#include <string>
#include <utility>

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

TEST_CASE("context: a cause without reason or error gets the defaults", "[context]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel(cancel_cause{cancel_reason::none, {}, "why not"});
  CHECK(ctx.cause() == cancel_cause{cancel_reason::application, context_errc::canceled, "why not"});
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
