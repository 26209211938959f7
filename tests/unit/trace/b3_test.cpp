// B3: single and multiple headers, the sampling states, and what cannot be read.
#include "weir/trace/b3.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view trace = "80f198ee56343ba864fe8b2a57d3eff7";
constexpr std::string_view span = "05e3ac9a4f6e3b90";
constexpr std::string_view parent = "e457b5a2e4d86bd1";
constexpr weir::trace_id trace_value{0x80f198ee56343ba8, 0x64fe8b2a57d3eff7};
constexpr weir::span_id span_value{0x05e3ac9a4f6e3b90};
constexpr weir::span_id parent_value{0xe457b5a2e4d86bd1};

TEST_CASE("b3: a single header, each form", "[trace][b3]") {
  struct row {
    const char* what;
    std::string value;
    std::optional<bool> sampled;
    bool debug;
    weir::span_id parent;
  };
  const std::string ids = "80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b90";
  const row rows[] = {
      {"deferred", ids, {}, false, {}},
      {"accepted", ids + "-1", true, false, {}},
      {"denied", ids + "-0", false, false, {}},
      {"debug", ids + "-d", true, true, {}},
      {"accepted, with a parent", ids + "-1-e457b5a2e4d86bd1", true, false, parent_value},
      {"denied, with a parent", ids + "-0-e457b5a2e4d86bd1", false, false, parent_value},
      {"debug, with a parent", ids + "-d-e457b5a2e4d86bd1", true, true, parent_value},
      {"deferred, with a parent", ids + "-e457b5a2e4d86bd1", {}, false, parent_value},
      {"a parent of zeros is none", ids + "-1-0000000000000000", true, false, {}},
      {"white space around it", " \t" + ids + "-1\t ", true, false, {}},
  };
  for (const row& r : rows) {
    INFO(r.what << ": " << r.value);
    const auto caller = weir::parse_b3_single(r.value);
    REQUIRE(caller);
    CHECK(caller->context.trace == trace_value);
    CHECK(caller->context.span == span_value);
    CHECK(caller->context.parent == r.parent);
    CHECK(caller->context.state.empty());
    CHECK(caller->sampled == r.sampled);
    CHECK(caller->debug == r.debug);
    // Sampled as decided, and nothing is known of the id's randomness.
    CHECK(caller->context.flags.bits == (r.sampled.value_or(false) ? weir::trace_flags::sampled_bit : 0));
  }
}

TEST_CASE("b3: a state alone decides without ids", "[trace][b3]") {
  const auto denied = weir::parse_b3_single("0");
  REQUIRE(denied);
  CHECK_FALSE(denied->context.valid());
  CHECK(denied->sampled == false);
  CHECK(weir::parse_b3_single("1")->sampled == true);
  const auto debug = weir::parse_b3_single("d");
  CHECK(debug->sampled == true);
  CHECK(debug->debug);
}

TEST_CASE("b3: a trace id of 64 bits has zeros in front", "[trace][b3]") {
  const auto caller = weir::parse_b3_single("64fe8b2a57d3eff7-05e3ac9a4f6e3b90-1");
  REQUIRE(caller);
  CHECK(caller->context.trace == weir::trace_id{0, 0x64fe8b2a57d3eff7});
  CHECK(weir::to_traceparent(caller->context).view() == "00-000000000000000064fe8b2a57d3eff7-05e3ac9a4f6e3b90-01");
}

TEST_CASE("b3: a single header that cannot be read", "[trace][b3]") {
  const std::string ids = "80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b90";
  const std::string rows[] = {
      "",
      " ",
      "2",
      "D",
      "-",
      "true",
      "00",
      "80f198ee56343ba864fe8b2a57d3eff7",
      "80f198ee56343ba864fe8b2a57d3eff7-",
      "80f198ee56343ba864fe8b2a57d3eff7-1",
      "-05e3ac9a4f6e3b90-1",
      "00000000000000000000000000000000-05e3ac9a4f6e3b90-1",
      "0000000000000000-05e3ac9a4f6e3b90-1",
      "80f198ee56343ba864fe8b2a57d3eff7-0000000000000000-1",
      "80F198EE56343BA864FE8B2A57D3EFF7-05e3ac9a4f6e3b90-1",
      "80f198ee56343ba864fe8b2a57d3eff-05e3ac9a4f6e3b90-1",
      "80f198ee56343ba864fe8b2a57d3eff7a-05e3ac9a4f6e3b90-1",
      "64fe8b2a57d3eff-05e3ac9a4f6e3b90-1",
      "64fe8b2a57d3eff7a-05e3ac9a4f6e3b90-1",
      "80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b9-1",
      "80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b900-1",
      "80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b9g-1",
      "80f198ee56343ba864fe8b2a57d3eff7_05e3ac9a4f6e3b90_1",
      ids + "-",
      ids + "--",
      ids + "-2",
      ids + "-true",
      ids + "-1-",
      ids + "-1-e457b5a2e4d86bd",
      ids + "-1-e457b5a2e4d86bd11",
      ids + "-1-E457B5A2E4D86BD1",
      ids + "-1-e457b5a2e4d86bd1-",
      ids + "-1-e457b5a2e4d86bd1-1",
      ids + "-e457b5a2e4d86bd1-1",
      ids + "-1-1",
      ids + "- 1",
      ids + "-1," + ids + "-1",
      ids + "-1\n",
  };
  for (const std::string& value : rows) {
    INFO(value);
    CHECK_FALSE(weir::parse_b3_single(value));
  }
}

TEST_CASE("b3: multiple headers", "[trace][b3]") {
  struct row {
    const char* what;
    weir::b3_headers headers;
    std::optional<bool> sampled;
    bool debug;
    weir::span_id parent;
  };
  const row rows[] = {
      {"deferred", {.trace_id = trace, .span_id = span}, {}, false, {}},
      {"accepted", {.trace_id = trace, .span_id = span, .sampled = "1"}, true, false, {}},
      {"denied", {.trace_id = trace, .span_id = span, .sampled = "0"}, false, false, {}},
      {"accepted, in words", {.trace_id = trace, .span_id = span, .sampled = "true"}, true, false, {}},
      {"denied, in words", {.trace_id = trace, .span_id = span, .sampled = "false"}, false, false, {}},
      {"accepted, in Python's word", {.trace_id = trace, .span_id = span, .sampled = "True"}, true, false, {}},
      {"denied, in Python's word", {.trace_id = trace, .span_id = span, .sampled = "False"}, false, false, {}},
      {"accepted, in capitals", {.trace_id = trace, .span_id = span, .sampled = "TRUE"}, true, false, {}},
      {"accepted, by a single header's state", {.trace_id = trace, .span_id = span, .sampled = "d"}, true, false, {}},
      {"debug", {.trace_id = trace, .span_id = span, .flags = "1"}, true, true, {}},
      {"debug comes before sampled",
       {.trace_id = trace, .span_id = span, .sampled = "0", .flags = "1"},
       true,
       true,
       {}},
      {"flags without debug", {.trace_id = trace, .span_id = span, .sampled = "0", .flags = "0"}, false, false, {}},
      {"a parent",
       {.trace_id = trace, .span_id = span, .parent_span_id = parent, .sampled = "1"},
       true,
       false,
       parent_value},
      {"a parent of zeros is none",
       {.trace_id = trace, .span_id = span, .parent_span_id = "0000000000000000"},
       {},
       false,
       {}},
      {"white space",
       {.trace_id = " 80f198ee56343ba864fe8b2a57d3eff7\t", .span_id = "\t05e3ac9a4f6e3b90 ", .sampled = " 1 "},
       true,
       false,
       {}},
  };
  for (const row& r : rows) {
    INFO(r.what);
    const auto caller = weir::parse_b3(r.headers);
    REQUIRE(caller);
    CHECK(caller->context.trace == trace_value);
    CHECK(caller->context.span == span_value);
    CHECK(caller->context.parent == r.parent);
    CHECK(caller->sampled == r.sampled);
    CHECK(caller->debug == r.debug);
    CHECK(caller->context.flags.sampled() == r.sampled.value_or(false));
  }
  const auto short_id = weir::parse_b3({.trace_id = "64fe8b2a57d3eff7", .span_id = span});
  REQUIRE(short_id);
  CHECK(short_id->context.trace == weir::trace_id{0, 0x64fe8b2a57d3eff7});
}

TEST_CASE("b3: multiple headers may hold a decision alone", "[trace][b3]") {
  CHECK(weir::parse_b3({.sampled = "0"})->sampled == false);
  CHECK(weir::parse_b3({.sampled = "1"})->sampled == true);
  CHECK(weir::parse_b3({.flags = "1"})->debug);
  CHECK_FALSE(weir::parse_b3({.sampled = "0"})->context.valid());
}

TEST_CASE("b3: multiple headers that cannot be read", "[trace][b3]") {
  const weir::b3_headers rows[] = {
      {},
      {.flags = "0"},
      {.trace_id = trace},
      {.span_id = span},
      {.parent_span_id = parent},
      {.trace_id = trace, .sampled = "1"},
      {.span_id = span, .sampled = "1"},
      {.trace_id = "nonsense", .span_id = span},
      {.trace_id = trace, .span_id = "nonsense"},
      {.trace_id = trace, .span_id = span, .parent_span_id = "nonsense"},
      {.trace_id = trace, .span_id = span, .sampled = "yes"},
      {.trace_id = trace, .span_id = span, .sampled = "D"},
      {.trace_id = trace, .span_id = span, .sampled = "tru"},
      {.trace_id = trace, .span_id = span, .sampled = "falsey"},
      {.trace_id = trace, .span_id = span, .flags = "2"},
      {.trace_id = "00000000000000000000000000000000", .span_id = span},
      {.trace_id = trace, .span_id = "0000000000000000"},
      {.trace_id = "80F198EE56343BA864FE8B2A57D3EFF7", .span_id = span},
  };
  for (const weir::b3_headers& headers : rows) {
    INFO(headers.trace_id << ' ' << headers.span_id << ' ' << headers.parent_span_id << ' ' << headers.sampled << ' '
                          << headers.flags);
    CHECK_FALSE(weir::parse_b3(headers));
  }
}

TEST_CASE("b3: headers are empty if none came", "[trace][b3]") {
  CHECK(weir::b3_headers{}.empty());
  CHECK_FALSE(weir::b3_headers{.single = "0"}.empty());
  CHECK_FALSE(weir::b3_headers{.trace_id = trace}.empty());
  CHECK_FALSE(weir::b3_headers{.span_id = span}.empty());
  CHECK_FALSE(weir::b3_headers{.parent_span_id = parent}.empty());
  CHECK_FALSE(weir::b3_headers{.sampled = "0"}.empty());
  CHECK_FALSE(weir::b3_headers{.flags = "1"}.empty());
}

TEST_CASE("b3: the single header comes before the multiple ones, if it can be read", "[trace][b3]") {
  weir::b3_headers both{
      .single = "64fe8b2a57d3eff7-e457b5a2e4d86bd1-0", .trace_id = trace, .span_id = span, .sampled = "1"};
  CHECK(weir::parse_b3(both)->context.span == parent_value);
  CHECK(weir::parse_b3(both)->sampled == false);
  both.single = "nonsense";
  CHECK(weir::parse_b3(both)->context.span == span_value);
  CHECK(weir::parse_b3(both)->sampled == true);
}

TEST_CASE("b3: near misses are refused or read, never more", "[trace][b3]") {
  std::mt19937_64 random(7);
  int read = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string value = "80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b90-1-e457b5a2e4d86bd1";
    value.resize(random() % (value.size() + 1));
    for (auto changes = random() % 3; changes-- > 0 && !value.empty();)
      value[random() % value.size()] = "0d1-f\x80"[random() % 6];
    if (const auto caller = weir::parse_b3_single(value)) {
      ++read;
      REQUIRE((caller->context.valid() || caller->sampled.has_value()));
    }
  }
  CHECK(read > 1'000);
}

} // namespace
