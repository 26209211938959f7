// Metrics in a program that is compiled with -ffast-math, as this file is.
#include "weir/metrics/histogram.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cstdint>
#include <vector>

namespace {

/// By its bits, which are not known to the compiler.
double made_of(std::uint64_t bits) {
  volatile std::uint64_t hidden = bits;
  return std::bit_cast<double>(static_cast<std::uint64_t>(hidden));
}

} // namespace

#ifndef __FAST_MATH__
#error "this file is about -ffast-math"
#endif

// One NaN made the sum NaN for ever.
TEST_CASE("histogram: with -ffast-math, too, values that are no numbers stay out of the sum",
          "[metrics][histogram]") {
  const std::vector<double> bounds{1, 2};
  weir::histogram h(bounds);
  h.observe(1.5);
  h.observe(made_of(0x7ff8'0000'0000'0000)); // NaN
  h.observe(made_of(0xfff8'0000'0000'0000)); // -NaN
  h.observe(made_of(0x7ff0'0000'0000'0000)); // infinity
  h.observe(made_of(0xfff0'0000'0000'0000)); // -infinity
  h.observe(0.5);
  const auto value = h.value();
  CHECK(value.cumulative == std::vector<std::uint64_t>{2, 3, 6});
  CHECK(value.sum == 2.0);
}
