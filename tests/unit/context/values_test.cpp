// What contexts carry: values, log ids, and what is left when the cancellation is taken off.
#include "weir/context.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

namespace {

struct user_key {
  using value_type = std::string;
};
struct depth_key {
  using value_type = int;
};

} // namespace

namespace another_component {

struct user_key {
  using value_type = std::string;
};

} // namespace another_component

TEST_CASE("context: the innermost value wins", "[context]") {
  const auto outer = weir::with_value<user_key>(weir::background(), "ada");
  const auto inner = weir::with_value<user_key>(weir::with_value<depth_key>(outer, 2), "grace");
  REQUIRE(inner.value<user_key>());
  CHECK(*inner.value<user_key>() == "grace");
  CHECK(*outer.value<user_key>() == "ada");
  CHECK(*inner.value<depth_key>() == 2);
  CHECK(outer.value<depth_key>() == nullptr);
  CHECK(weir::background().value<user_key>() == nullptr);
}

TEST_CASE("context: keys are types, so one component's key cannot collide with another's", "[context]") {
  const auto ctx = weir::with_value<user_key>(weir::background(), "ada");
  CHECK(ctx.value<another_component::user_key>() == nullptr);
  const auto both = weir::with_value<another_component::user_key>(ctx, "grace");
  CHECK(*both.value<user_key>() == "ada");
  CHECK(*both.value<another_component::user_key>() == "grace");
}

TEST_CASE("context: values are seen through cancellable children and live as long as a handle does", "[context]") {
  struct shared_key {
    using value_type = std::shared_ptr<int>;
  };
  const auto counted = std::make_shared<int>(7);
  {
    weir::context kept;
    {
      const auto carrying = weir::with_value<shared_key>(weir::background(), counted);
      auto [ctx, cancel] = weir::with_cancel(carrying);
      kept = weir::with_value<depth_key>(ctx, 1);
    }
    CHECK(kept.done());
    REQUIRE(kept.value<shared_key>());
    CHECK(**kept.value<shared_key>() == 7);
    CHECK(counted.use_count() == 2);
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("context: without_cancel keeps values and ids and drops deadline, done, error, cause", "[context]") {
  auto [ctx, cancel] = weir::with_timeout(weir::background(), std::chrono::hours(1));
  const auto carrying = weir::with_correlation(weir::with_value<user_key>(ctx, "ada"), {1, 2, 3});
  const auto before = weir::without_cancel(carrying);
  cancel();
  const auto after = weir::without_cancel(carrying);
  for (const auto& each : {before, after}) {
    CHECK_FALSE(each.done());
    CHECK_FALSE(each.can_be_done());
    CHECK_FALSE(each.error());
    CHECK(each.reason() == weir::cancel_reason::none);
    CHECK(each.deadline() == std::nullopt);
    CHECK(*each.value<user_key>() == "ada");
    REQUIRE(each.ids());
    CHECK(*each.ids() == weir::correlation{1, 2, 3});
  }
  auto [again, cancel_again] = weir::with_cancel(after);
  CHECK_FALSE(again.done());
  cancel_again();
  CHECK(again.done());
}

TEST_CASE("context: ids are inherited until a context is given its own", "[context]") {
  const auto request = weir::with_correlation(weir::background(), {1, 2, 3});
  auto [ctx, cancel] = weir::with_cancel(request);
  const auto child = weir::with_value<depth_key>(ctx, 1);
  CHECK(*child.ids() == weir::correlation{1, 2, 3});
  const auto span = weir::with_correlation(child, {1, 2, 4});
  CHECK(*span.ids() == weir::correlation{1, 2, 4});
  CHECK(*child.ids() == weir::correlation{1, 2, 3});
}

TEST_CASE("context: one node can carry the ids and end", "[context]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  auto [ctx, cancel] = weir::with_cancel(parent, {1, 2, 3});
  const auto child = weir::with_value<depth_key>(ctx, 1);
  REQUIRE(child.ids() != nullptr);
  CHECK(*child.ids() == weir::correlation{1, 2, 3});
  CHECK(parent.ids() == nullptr);
  cancel_parent(weir::cancel_reason::shutdown);
  CHECK(child.done());
  CHECK(ctx.reason() == weir::cancel_reason::shutdown);
}

TEST_CASE("context: a value that cannot be made leaves the parent as it was", "[context]") {
  struct refusal {
    explicit refusal(int) { throw std::invalid_argument("no such value"); }
  };
  struct refusing_key {
    using value_type = refusal;
  };
  struct shared_key {
    using value_type = std::shared_ptr<int>;
  };
  const auto counted = std::make_shared<int>(7);
  {
    const auto parent = weir::with_value<shared_key>(weir::background(), counted);
    CHECK_THROWS_AS(weir::with_value<refusing_key>(parent, 1), std::invalid_argument);
    CHECK(counted.use_count() == 2);
  }
  CHECK(counted.use_count() == 1);
}
