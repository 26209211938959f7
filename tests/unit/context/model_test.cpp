// The library against the reference model, in random programs of every operation.
#include "lockstep.hpp"

#include <cstdint>

#include <catch2/catch.hpp>

namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint32_t programs = 150;
#else
constexpr std::uint32_t programs = 3000;
#endif
constexpr int steps = 300;

} // namespace

// To replay a failure: --rng-seed with the seed it names, whose program is then the first.
TEST_CASE("context: agrees with the reference model in every state that a random program reaches",
          "[context][model]") {
  for (std::uint32_t i = 0; i < programs; ++i) {
    const std::uint32_t seed = Catch::rngSeed() + i;
    weir_test::lockstep program(seed);
    for (int step = 0; step < steps && program.difference().empty(); ++step) program.step();
    if (program.difference().empty()) program.finish();
    INFO("seed " << seed << ":" << program.history());
    REQUIRE(program.difference() == "");
  }
}
