// Bounds by rule: the numbers that one would write by hand.
#include "weir/metrics/bounds.hpp"

#include "weir/metrics/registry.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace {

using weir::exponential_bounds;
using weir::linear_bounds;

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST_CASE("bounds: in equal steps", "[metrics][histogram]") {
  STATIC_REQUIRE(linear_bounds<3>(1, 1) == std::array{1.0, 2.0, 3.0});
  STATIC_REQUIRE(linear_bounds<3>(-10, 10) == std::array{-10.0, 0.0, 10.0});
  STATIC_REQUIRE(linear_bounds<1>(5, 1) == std::array{5.0});
}

TEST_CASE("bounds: by a factor", "[metrics][histogram]") {
  STATIC_REQUIRE(exponential_bounds<4>(1, 10) == std::array{1.0, 10.0, 100.0, 1000.0});
  STATIC_REQUIRE(exponential_bounds<3>(256, 2) == std::array{256.0, 512.0, 1024.0});
  CHECK(exponential_bounds<7>(1e18, 10).back() == 1e24);
  CHECK(exponential_bounds<3>(1e-30, 2).back() == 4e-30);
}

TEST_CASE("bounds: are what one would write, not what additions make of it", "[metrics][histogram]") {
  STATIC_REQUIRE(linear_bounds<10>(.1, .1) == std::array{.1, .2, .3, .4, .5, .6, .7, .8, .9, 1.0});
  STATIC_REQUIRE(linear_bounds<3>(-.3, .1) == std::array{-.3, -.2, -.1});
  STATIC_REQUIRE(exponential_bounds<7>(1e-6, 10) == std::array{1e-6, 1e-5, 1e-4, 1e-3, 1e-2, .1, 1.0});
  STATIC_REQUIRE(exponential_bounds<3>(1e-9, 10) == std::array{1e-9, 1e-8, 1e-7});
  STATIC_REQUIRE(exponential_bounds<4>(.1, 3) == std::array{.1, .3, .9, 2.7});
}

TEST_CASE("bounds: what cannot be is said", "[metrics][histogram]") {
  CHECK_THROWS_AS(linear_bounds<2>(0, 0), std::invalid_argument);
  CHECK_THROWS_AS(linear_bounds<2>(0, -1), std::invalid_argument);
  CHECK_THROWS_AS(linear_bounds<2>(1e20, 1), std::invalid_argument); // beside it, 1 is nothing
  CHECK_THROWS_AS(linear_bounds<2>(0, infinity), std::invalid_argument);
  CHECK_THROWS_AS(linear_bounds<2>(0, std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
  CHECK_THROWS_AS(exponential_bounds<2>(0, 2), std::invalid_argument);
  CHECK_THROWS_AS(exponential_bounds<2>(1, 1), std::invalid_argument);
  CHECK_THROWS_AS(exponential_bounds<2>(1e300, 1e10), std::invalid_argument);
}

constexpr auto guests = weir::linear_bounds<6>(1, 1); // 1, 2, 3, 4, 5, 6
constexpr weir::histogram_description party_size{"party_size", "Guests at a table.", {"room"}, guests};
constexpr weir::counter_description orders{"orders_total", "Orders taken.", {"room"}};

/// Made once and kept.
struct garden {
  weir::histogram& parties = weir::default_metrics().add(party_size).with({"garden"});
  weir::counter& ordered = weir::default_metrics().add(orders).with({"garden"});

  void seat(double party) { parties.observe(party); }
  void take_order() { ordered.add(); }
};

TEST_CASE("bounds: are a histogram's", "[metrics][histogram]") {
  garden outside;
  outside.seat(3);
  outside.take_order();
  CHECK(outside.parties.value().cumulative == std::vector<std::uint64_t>{0, 0, 1, 1, 1, 1, 1});
  CHECK(outside.ordered.value() == 1);
}

} // namespace
