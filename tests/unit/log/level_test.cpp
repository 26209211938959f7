#include "weir/log/level.hpp"

#include "captured_stream.hpp"
#include "with_position.hpp"

#include <catch2/catch.hpp>

#include <string>

using weir::level;

TEST_CASE("level: every name is parsed back to its level", "[log][level]") {
  for (int i = 0; i <= static_cast<int>(level::off); ++i) {
    const auto each = static_cast<level>(i);
    CHECK(weir::parse_level(to_string_view(each)) == each);
  }
  CHECK(weir::to_string_view(level::warn) == "warn");
}

TEST_CASE("level: other names are not levels", "[log][level]") {
  for (const auto* name : {"", "INFO", "warning", "info ", "err", "7"}) CHECK_FALSE(weir::parse_level(name));
}

TEST_CASE("level: one known at run time is as good as a call's name", "[log][level]") {
  captured_stream test({}, with_position());
  for (const level severity : {level::trace, level::debug, level::info, level::warn, level::error, level::critical,
                               level::off, static_cast<level>(200)})
    test.log().log(severity, "{} of {}", 1, "two", weir::field<"three">(3));
  const std::string place = " test " + std::string(__FILE__) + ":" + std::to_string(__LINE__ - 1);
  const auto lines = test.lines();
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("info" + place));
  CHECK(lines[3].starts_with("critical" + place));
  CHECK(lines[3].ends_with(": 1 of two"));
}

TEST_CASE("level: a logger takes what is at or above its threshold", "[log][level]") {
  captured_stream test;
  test.log().set_threshold(level::warn);
  test.log().trace("trace");
  test.log().debug("debug");
  test.log().info("info");
  test.log().warn("warn");
  test.log().error("error");
  test.log().critical("critical");
  CHECK(test.lines() == std::vector<std::string>{"warn", "error", "critical"});
  CHECK(test.stream().stats().accepted == 3);
}

TEST_CASE("level: a macro does not evaluate its arguments below the threshold", "[log][level]") {
  captured_stream test;
  int evaluated = 0;
  WEIR_DEBUG(test.log(), "{}", ++evaluated);
  CHECK(evaluated == 0);
  WEIR_INFO(test.log(), "{}", ++evaluated);
  CHECK(evaluated == 1);
}

TEST_CASE("level: with the threshold off nothing is logged", "[log][level]") {
  captured_stream test;
  test.log().set_threshold(level::off);
  test.log().critical("critical");
  WEIR_CRITICAL(test.log(), "critical");
  CHECK_FALSE(test.log().enabled(level::critical));
  CHECK_FALSE(test.log().enabled(level::off));
  CHECK(test.lines().empty());
}

TEST_CASE("level: new loggers start with the stream's threshold", "[log][level]") {
  captured_stream test({.threshold = level::error});
  CHECK(test.log().threshold() == level::error);
  CHECK(test.stream().get_logger("another").threshold() == level::error);
}

TEST_CASE("level: a sink's own threshold holds back what is below it, and that counts as written", "[log][level]") {
  captured_stream test;
  test.sink().set_threshold(level::error);
  test.log().info("info");
  test.log().error("error");
  CHECK(test.lines() == std::vector<std::string>{"error"});
  CHECK(test.stream().stats().written == 2);
}
