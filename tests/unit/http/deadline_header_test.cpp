// What is read as a caller's time limit, and what is written as one.
#include "weir/http/deadline_header.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string_view>

using namespace std::chrono_literals;
using weir::parse_grpc_timeout;
using weir::parse_timeout;

TEST_CASE("http: a time limit is a number of milliseconds, or has a unit", "[http][deadline]") {
  CHECK(parse_timeout("1500") == 1500ms);
  CHECK(parse_timeout("1500ms") == 1500ms);
  CHECK(parse_timeout("2s") == 2s);
  CHECK(parse_timeout("0") == 0ms);
  CHECK(parse_timeout("-5") == -5ms);
  CHECK(parse_timeout("-1s") == -1s);
  CHECK(parse_timeout(" \t007\t ") == 7ms);
  CHECK(parse_timeout("9999999999") == 9999999999ms);
  CHECK(parse_timeout("9999999999s") == 9999999999s);
  CHECK(parse_timeout("-9999999999s") == -9999999999s);
  for (const std::string_view bad : {"", " ", "-", "+5", "--5", "- 5", "1.5", "1.5s", "5 ms", "5m", "5S", "5sec",
                                     "ms", "0x10", "1e3", "12345678901", "5,6", "five", "5\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_timeout(bad));
  }
}

TEST_CASE("http: grpc-timeout is up to eight digits and a unit", "[http][deadline]") {
  CHECK(parse_grpc_timeout("100m") == 100ms);
  CHECK(parse_grpc_timeout("1H") == 1h);
  CHECK(parse_grpc_timeout("2M") == 2min);
  CHECK(parse_grpc_timeout("3S") == 3s);
  CHECK(parse_grpc_timeout("4u") == 4us);
  CHECK(parse_grpc_timeout("5n") == 1us);
  CHECK(parse_grpc_timeout("0n") == 0us);
  CHECK(parse_grpc_timeout("99999999H") == 99999999h);
  for (const std::string_view bad :
       {"", "m", "100", "-1m", "123456789m", "1 m", "1h", "1s", "1mm", "1.5S", "1m,2m"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_grpc_timeout(bad));
  }
}

TEST_CASE("http: the time left is written in milliseconds, and only what is over as 0", "[http][deadline]") {
  CHECK(weir::timeout_text(1500ms).view() == "1500");
  CHECK(weir::timeout_text(1ns).view() == "1");
  CHECK(weir::timeout_text(1ms + 1ns).view() == "2");
  CHECK(weir::timeout_text(0ns).view() == "0");
  CHECK(weir::timeout_text(-5s).view() == "0");
  CHECK(weir::timeout_text(std::chrono::nanoseconds::max()).view() == "9999999999");
  CHECK(weir::timeout_text(std::chrono::nanoseconds::min()).view() == "0");
  CHECK(parse_timeout(weir::timeout_text(24h)) == 24h);
}
