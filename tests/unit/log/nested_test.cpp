// Statements in the arguments of statements. Compiled, as all of these tests, with -Wshadow as an error.
#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using lines = std::vector<std::string>;

namespace {

/// A function whose statement's limit is one for the whole program, wherever it is inlined.
inline void limited_in_a_header(weir::logger& log) { WEIR_INFO_LIMITED(log, weir::once(), "once"); }

} // namespace

TEST_CASE("nested: a statement's arguments may log", "[log][format]") {
  captured_stream test;
  weir::logger& log = test.log();
  WEIR_INFO(log, "outer {}", [&] {
    WEIR_INFO(log, "middle {}", [&] {
      WEIR_WARN(log, "inner");
      return 2;
    }());
    return 1;
  }());
  CHECK(test.lines() == lines{"inner", "middle 2", "outer 1"});
}

TEST_CASE("nested: so may those of statements with a limit, in any order", "[log][format][limit]") {
  captured_stream test;
  weir::logger& log = test.log();
  for (int i = 0; i < 3; ++i) {
    WEIR_INFO_LIMITED(log, weir::every_n(2), "outer {}", [&] {
      WEIR_INFO_LIMITED(log, weir::every_n(2), "middle {}", [&] {
        WEIR_INFO(log, "inner");
        return i;
      }());
      return i;
    }());
    WEIR_INFO(log, "plain {}", [&] {
      WEIR_INFO_LIMITED(log, weir::once(), "limited");
      return i;
    }());
    limited_in_a_header(log);
  }
  CHECK(test.lines() == lines{"inner", "middle 0", "outer 0", "limited", "plain 0", "once", "plain 1",
                              "outer 2 suppressed=1", "plain 2"});
}

TEST_CASE("nested: and so may the expression that names the logger", "[log][format]") {
  captured_stream test;
  const auto found = [&]() -> weir::logger& {
    WEIR_INFO(test.log(), "looked up");
    return test.log();
  };
  WEIR_INFO(found(), "found");
  CHECK(test.lines() == lines{"looked up", "found"});
}
