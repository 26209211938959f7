// Which traces are sampled: how many, which ones, and that services agree.
#include "weir/trace/sampler.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

namespace {

using weir::sampler;

constexpr std::uint64_t end = std::uint64_t{1} << 56;

TEST_CASE("sampler: always and never, whatever the caller has decided", "[trace][sampler]") {
  for (const std::uint64_t randomness : {std::uint64_t{0}, end / 2, end - 1}) {
    for (const std::optional<bool> callers : {std::optional<bool>(), std::optional(true), std::optional(false)}) {
      CHECK(sampler::always().sample(randomness, callers));
      CHECK_FALSE(sampler::never().sample(randomness, callers));
    }
  }
}

TEST_CASE("sampler: a ratio takes what lies at or above the threshold", "[trace][sampler]") {
  CHECK(sampler::ratio(1) == sampler::always());
  CHECK(sampler::ratio(0) == sampler::never());
  const sampler quarter = sampler::ratio(0.25); // threshold c0000000000000
  CHECK(quarter.sample(0xc0000000000000));
  CHECK(quarter.sample(0xffffffffffffff));
  CHECK_FALSE(quarter.sample(0xbfffffffffffff));
  CHECK_FALSE(quarter.sample(0));
  // The smallest share there is.
  CHECK(sampler::ratio(0x1p-56).sample(end - 1));
  CHECK_FALSE(sampler::ratio(0x1p-56).sample(end - 2));
  CHECK(sampler::ratio(1e-30) == sampler::never());
  CHECK(sampler::ratio(1 - 0x1p-53).sample(8));
  CHECK_FALSE(sampler::ratio(1 - 0x1p-53).sample(7));
}

TEST_CASE("sampler: a ratio does not ask the caller", "[trace][sampler]") {
  CHECK(sampler::ratio(0.5).sample(end - 1, false));
  CHECK_FALSE(sampler::ratio(0.5).sample(0, true));
}

TEST_CASE("sampler: a greater ratio takes the same traces and more", "[trace][sampler]") {
  std::mt19937_64 random(6);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t randomness = random() % end;
    if (!sampler::ratio(0.1).sample(randomness)) continue;
    ++taken;
    REQUIRE(sampler::ratio(0.2).sample(randomness));
  }
  CHECK(taken > 1'700);
  CHECK(taken < 2'300);
}

TEST_CASE("sampler: with a parent the caller decides, without one the root's sampler", "[trace][sampler]") {
  const sampler by = sampler::parent_based(sampler::ratio(0.5));
  CHECK(by.sample(0, true));
  CHECK_FALSE(by.sample(end - 1, false));
  CHECK(by.sample(end - 1));
  CHECK_FALSE(by.sample(0));
  CHECK(sampler::parent_based(by) == by);
  CHECK(sampler() == sampler::parent_based(sampler::always()));
}

TEST_CASE("sampler: a ratio that is none is refused by name", "[trace][sampler]") {
  for (const double bad :
       {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(sampler::ratio(bad), std::invalid_argument);
  CHECK_THROWS_WITH(sampler::ratio(1.5), "sampler's ratio is 1.5: it must be from 0 to 1");
}

TEST_CASE("sampler: the randomness is the id's last 56 bits", "[trace][sampler]") {
  weir::trace_context context;
  context.trace = {0xffffffffffffffff, 0xab23456789abcdef};
  CHECK(weir::sampling_randomness(context) == 0x23456789abcdef);
}

TEST_CASE("sampler: rv in the tracestate comes before the id, if it is one", "[trace][sampler]") {
  struct row {
    const char* ot;
    std::uint64_t randomness;
  };
  constexpr std::uint64_t of_id = 0x23456789abcdef;
  const row rows[] = {
      {"rv:6e6d1a75832a2f", 0x6e6d1a75832a2f},
      {"th:fe;rv:6e6d1a75832a2f", 0x6e6d1a75832a2f},
      {"rv:6e6d1a75832a2f;th:fe", 0x6e6d1a75832a2f},
      {"rv:00000000000000", 0},
      {"th:fe", of_id},
      {"rv:6e6d1a75832a2", of_id},
      {"rv:6e6d1a75832a2f0", of_id},
      {"rv:6E6D1A75832A2F", of_id},
      {"rv:", of_id},
      {"xrv:6e6d1a75832a2f", of_id},
      {";;", of_id},
  };
  for (const row& r : rows) {
    INFO(r.ot);
    weir::trace_context context;
    context.trace = {1, 0xab23456789abcdef};
    REQUIRE(context.state.set("ot", r.ot));
    CHECK(weir::sampling_randomness(context) == r.randomness);
  }
}

} // namespace
