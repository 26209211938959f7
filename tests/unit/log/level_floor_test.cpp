// The floor: statements that are left out of the program.
#include "floor/statements.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

TEST_CASE("level floor: what is below is not logged, and its arguments are not evaluated", "[log][level]") {
  captured_stream test({.threshold = weir::level::trace});
  CHECK(log_above_and_below_the_floor(test.log()) == 2);
  CHECK(test.lines() ==
        std::vector<std::string>{"kept: warn 1", "kept: limited 2", "kept: critical", "kept: a function call"});
}

TEST_CASE("level floor: the object file holds nothing of what is below", "[log][level]") {
  std::ifstream file(WEIR_LOG_FLOOR_OBJECT, std::ios::binary);
  const std::string object((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(object.find("kept: warn") != object.npos);
  CHECK(object.find("kept: limited") != object.npos);
  CHECK(object.find("left out") == object.npos);
  CHECK(object.find("left_out") == object.npos);
}
