// The library against the reference model, in random programs of every operation.
#include "lockstep.hpp"

#include <cstdint>

#include <catch2/catch.hpp>

namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint32_t programs = 500;
#else
constexpr std::uint32_t programs = 3000;
#endif
constexpr int steps = 300;

/// Callbacks that throw are part of the programs, and need not be in the log.
struct failures_unlogged {
  failures_unlogged() {
    weir::set_task_failure_handler([](const weir::task_failure&) {});
  }
  ~failures_unlogged() { weir::set_task_failure_handler({}); }
};

} // namespace

// To replay a failure: --rng-seed with the seed it names, whose program is then the first.
TEST_CASE("context: agrees with the reference model in every state that a random program reaches",
          "[context][model]") {
  const failures_unlogged quiet;
  for (std::uint32_t i = 0; i < programs; ++i) {
    const std::uint32_t seed = Catch::rngSeed() + i;
    INFO("seed " << seed);
    weir_test::lockstep program(seed);
    for (int step = 0; step < steps && program.difference().empty(); ++step) program.step();
    if (program.difference().empty()) program.finish();
    INFO(program.history());
    REQUIRE(program.difference() == "");
  }
}
