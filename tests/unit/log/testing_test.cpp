// How a program tests what it logs: the piece of lib/README.md.
#include "weir/testing/capturing_sink.hpp"
#include "weir/testing/manual_clock.hpp"

#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>

using namespace std::chrono_literals;

namespace {

/// The program's.
void deliver(weir::logger& log, int order) { WEIR_INFO(log, "order {} delivered", order); }

} // namespace

TEST_CASE("testing: what a program has logged", "[log]") {
  const auto sink = std::make_shared<weir::testing::capturing_sink>();
  weir::log_stream stream({.sinks = {sink}});
  deliver(stream.get_logger("shop"), 7);
  CHECK(stream.flush(1min));
  CHECK(sink->count("order 7 delivered") == 1);
}

TEST_CASE("testing: a limit, without waiting", "[log]") {
  weir::basic_rate_limit<weir::testing::manual_clock> limit(1, 1h);
  CHECK(limit.pass());
  CHECK_FALSE(limit.pass());
  weir::testing::manual_clock::advance(1h);
  CHECK(limit.pass());
}
