// What contexts carry: values and log ids.
#include "weir/context.hpp"

#include <memory>
#include <stdexcept>

#include <catch2/catch.hpp>

namespace {

struct height_key {
  using value_type = int;
};

} // namespace

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
      kept = weir::with_value<height_key>(ctx, 1);
    }
    CHECK(kept.done());
    REQUIRE(kept.value<shared_key>());
    CHECK(**kept.value<shared_key>() == 7);
    CHECK(counted.use_count() == 2);
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("context: ids are inherited until a context is given its own", "[context]") {
  const auto request = weir::with_correlation(weir::background(), {1, 2, 3});
  auto [ctx, cancel] = weir::with_cancel(request);
  const auto child = weir::with_value<height_key>(ctx, 1);
  CHECK(*child.ids() == weir::correlation{1, 2, 3});
  const auto span = weir::with_correlation(child, {1, 2, 4});
  CHECK(*span.ids() == weir::correlation{1, 2, 4});
  CHECK(*child.ids() == weir::correlation{1, 2, 3});
}

TEST_CASE("context: one node can carry the ids and end", "[context]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  auto [ctx, cancel] = weir::with_cancel(parent, {1, 2, 3});
  const auto child = weir::with_value<height_key>(ctx, 1);
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
