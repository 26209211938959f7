// The current context of a thread, and the ids that the log reads.
#include "weir/context.hpp"

#include <optional>
#include <thread>
#include <utility>

#include <catch2/catch.hpp>

namespace {

weir::context with_span(std::uint64_t span) { return weir::with_correlation(weir::background(), {1, 1, span}); }

std::uint64_t current_span() { return weir::current_correlation ? weir::current_correlation->span_id : 0; }

} // namespace

TEST_CASE("context: a scope makes a context current and restores what was", "[context]") {
  CHECK(weir::current_context() == weir::background());
  CHECK(weir::current_correlation == nullptr);
  const auto outer = with_span(1);
  const auto inner = with_span(2);
  {
    const weir::context_scope first(outer);
    CHECK(weir::current_context() == outer);
    CHECK(current_span() == 1);
    {
      const weir::context_scope second(inner);
      CHECK(weir::current_context() == inner);
      CHECK(current_span() == 2);
    }
    CHECK(weir::current_context() == outer);
    CHECK(current_span() == 1);
  }
  CHECK(weir::current_context() == weir::background());
  CHECK(weir::current_correlation == nullptr);
}

TEST_CASE("context: a scope of a context without ids hides those outside, and restores ids set by others",
          "[context]") {
  const weir::correlation by_hand{7, 7, 7};
  weir::current_correlation = &by_hand;
  {
    const weir::context none;
    const weir::context_scope scope(none);
    CHECK(weir::current_correlation == nullptr);
  }
  CHECK(weir::current_correlation == &by_hand);
  weir::current_correlation = nullptr;
}

TEST_CASE("context: what is current on one thread is not on another", "[context][concurrent]") {
  const auto ctx = with_span(1);
  const weir::context_scope scope(ctx);
  std::optional<weir::context> seen;
  std::thread([&] { seen = weir::current_context(); }).join();
  CHECK(seen == weir::background());
}

TEST_CASE("context: a bound function has its context wherever it runs, and leaves none behind",
          "[context][concurrent]") {
  const auto ctx = weir::with_correlation(weir::background(), {1, 2, 3});
  const auto sum = [](int a, int b) { return weir::current_correlation->span_id == 3 ? a + b : 0; };
  auto bound = weir::bind_context(ctx, sum);
  CHECK(bound(1, 2) == 3);
  CHECK(weir::current_correlation == nullptr);
  int result = 0;
  std::thread([&] { result = bound(3, 4); }).join();
  CHECK(result == 7);
  CHECK(bound.ctx() == ctx);
  const auto constant = bound;
  CHECK(constant(5, 6) == 11);
  auto throws = weir::bind_context(ctx, [] { throw 1; });
  CHECK_THROWS_AS(throws(), int);
  CHECK(weir::current_context() == weir::background());
}

TEST_CASE("context: setting a slot takes effect at once for what runs under it, and not after", "[context]") {
  weir::ambient_slot slot;
  {
    const weir::ambient_slot::scope running(slot);
    CHECK(current_span() == 0);
    slot.set(with_span(1));
    CHECK(current_span() == 1);
    CHECK(weir::current_context() == slot.current());
    slot.set(with_span(2));
    CHECK(current_span() == 2);
  }
  CHECK(weir::current_correlation == nullptr);
  slot.set(with_span(3));
  CHECK(weir::current_correlation == nullptr);
  {
    const weir::ambient_slot::scope running(slot);
    CHECK(current_span() == 3);
  }
}

TEST_CASE("context: a slot may be set below other scopes, which restore what it holds then", "[context]") {
  weir::ambient_slot slot(with_span(1));
  weir::ambient_slot other(with_span(10));
  const weir::ambient_slot::scope running(slot);
  {
    const weir::ambient_slot::scope inlined(other);
    const auto inner = with_span(20);
    const weir::context_scope scope(inner);
    slot.set(with_span(2));
    CHECK(current_span() == 20);
  }
  CHECK(current_span() == 2);
  CHECK(weir::current_context() == slot.current());
}

TEST_CASE("context: a slot may be destroyed by what runs under it", "[context]") {
  const auto outer = with_span(9);
  const weir::context_scope around(outer);
  std::optional<weir::ambient_slot> slot(std::in_place, with_span(1));
  {
    const weir::ambient_slot::scope running(*slot);
    CHECK(current_span() == 1);
    slot.reset();
    CHECK(weir::current_correlation == nullptr);
    CHECK(weir::current_context() == weir::background());
  }
  CHECK(current_span() == 9);
}

TEST_CASE("context: a scope left behind on a thread is dropped with the slot's own and then does nothing",
          "[context]") {
  const auto left = with_span(5);
  std::optional<weir::context_scope> carried;
  const weir::ambient_slot slot(with_span(1));
  {
    const weir::ambient_slot::scope running(slot);
    carried.emplace(left);
    CHECK(current_span() == 5);
  }
  CHECK(weir::current_correlation == nullptr);
  carried.reset();
  CHECK(weir::current_context() == weir::background());
  CHECK(weir::current_correlation == nullptr);
}
