// The context of a request: when it continues the caller's trace and when it starts one.
#include "weir/trace/server_span.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using headers = std::vector<std::string_view>;

constexpr std::string_view sample = "00-12345678901234567890123456789012-1234567890123456-01";
constexpr std::string_view other = "00-12345678901234567890123456789011-1234567890123456-01";
constexpr std::string_view unsampled = "00-12345678901234567890123456789012-1234567890123456-00";
constexpr weir::trace_id sample_trace{0x1234567890123456, 0x7890123456789012};

TEST_CASE("server span: one good traceparent is continued", "[trace][server_span]") {
  const auto context = weir::make_server_span(headers{sample}, headers{});
  CHECK(context.trace == sample_trace);
  CHECK(context.parent == weir::span_id{0x1234567890123456});
  CHECK(context.span.valid());
  CHECK_FALSE(context.span == context.parent);
  CHECK(context.flags.bits == weir::trace_flags::sampled_bit);
  CHECK(context.state.empty());
}

TEST_CASE("server span: without a usable traceparent a new trace starts without state", "[trace][server_span]") {
  const headers rows[] = {
      {},
      {sample, other},
      {sample, sample},
      {sample, ""},
      {""},
      {"nonsense"},
      {"00-00000000000000000000000000000000-1234567890123456-01"},
  };
  for (const headers& traceparents : rows) {
    const auto context = weir::make_server_span(traceparents, headers{"foo=1"});
    CHECK(context.valid());
    CHECK_FALSE(context.trace == sample_trace);
    CHECK_FALSE(context.parent.valid());
    CHECK(context.flags.random());
    CHECK(context.state.empty());
  }
}

TEST_CASE("server span: by default a new trace is sampled and a continued one as the caller says",
          "[trace][server_span]") {
  CHECK(weir::make_server_span(headers{}, headers{}).flags.sampled());
  CHECK(weir::make_server_span(headers{sample}, headers{}).flags.sampled());
  CHECK_FALSE(weir::make_server_span(headers{unsampled}, headers{}).flags.sampled());
  CHECK(weir::make_edge_span(headers{unsampled}).context.flags.sampled());
}

TEST_CASE("server span: the sampler sets the flag and leaves the random flag alone", "[trace][server_span]") {
  const auto never = weir::sampler::never();
  const auto always = weir::sampler::always();
  CHECK(weir::make_server_span(headers{sample}, headers{}, never).flags.bits == 0);
  CHECK(weir::make_server_span(headers{unsampled}, headers{}, always).flags.bits == weir::trace_flags::sampled_bit);
  CHECK(weir::make_server_span(headers{}, headers{}, never).flags.bits == weir::trace_flags::random_bit);
  CHECK(weir::make_server_span(headers{}, headers{}, always).flags.bits == weir::trace_flags::known_bits);
  CHECK(weir::make_server_span(headers{sample}, headers{}, weir::sampler::parent_based(never)).flags.sampled());
  CHECK_FALSE(weir::make_server_span(headers{}, headers{}, weir::sampler::parent_based(never)).flags.sampled());
  CHECK_FALSE(weir::make_edge_span(headers{sample}, weir::sampler::parent_based(never)).context.flags.sampled());
  CHECK_FALSE(weir::make_edge_span(headers{sample}, never).context.flags.sampled());
}

TEST_CASE("server span: a share of traces is decided by the id, and handed on", "[trace][server_span]") {
  const headers high{"00-1234567890123456"
                     "00c0000000000000-1234567890123456-00"};
  const headers low{"00-1234567890123456"
                    "ff3fffffffffffff-1234567890123456-01"};
  const auto quarter = weir::sampler::ratio(0.25);
  const auto taken = weir::make_server_span(high, headers{}, quarter);
  CHECK(taken.flags.sampled());
  CHECK(weir::to_traceparent(taken).view().ends_with("-01"));
  CHECK_FALSE(weir::make_server_span(low, headers{}, quarter).flags.sampled());
  // What the tracestate says about the trace's randomness comes before the id.
  CHECK(weir::make_server_span(low, headers{"ot=rv:c0000000000000"}, quarter).flags.sampled());
}

TEST_CASE("server span: B3 continues a trace like W3C does", "[trace][server_span]") {
  const weir::b3_headers single{.single = "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-0"};
  const auto context = weir::make_server_span({.b3 = single});
  CHECK(context.trace == weir::trace_id{0x463ac35c9f6413ad, 0x48485a3953bb6124});
  CHECK(context.parent == weir::span_id{0xa2fb4a1d1a96d312});
  CHECK(context.span.valid());
  CHECK_FALSE(context.span == context.parent);
  CHECK(context.flags.bits == 0);
  const auto edge = weir::make_edge_span({.b3 = single});
  CHECK_FALSE(edge.context.trace == context.trace);
  REQUIRE(edge.caller);
  CHECK(edge.caller->trace == context.trace);
}

TEST_CASE("server span: a usable traceparent wins over B3, a bad one does not", "[trace][server_span]") {
  const weir::b3_headers b3{.single = "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-0"};
  const weir::trace_id b3_trace{0x463ac35c9f6413ad, 0x48485a3953bb6124};
  const headers state{"foo=1"};
  const headers good{sample}, bad{"nonsense"}, two{sample, sample};
  const auto both = weir::make_server_span({good, state, b3});
  CHECK(both.trace == sample_trace);
  CHECK(both.flags.sampled());
  CHECK(both.state.text() == "foo=1");
  for (const headers& unusable : {bad, two}) {
    const auto context = weir::make_server_span({unusable, state, b3});
    CHECK(context.trace == b3_trace);
    CHECK(context.state.empty()); // no traceparent, no tracestate
    CHECK(weir::make_edge_span({unusable, state, b3}).caller->trace == b3_trace);
  }
  CHECK(weir::make_edge_span({good, state, b3}).caller->trace == sample_trace);
}

TEST_CASE("server span: a B3 decision without ids counts for the new trace", "[trace][server_span]") {
  const auto denied = weir::make_server_span({.b3 = {.single = "0"}});
  CHECK(denied.valid());
  CHECK_FALSE(denied.parent.valid());
  CHECK_FALSE(denied.flags.sampled());
  CHECK(denied.flags.random());
  const auto root_never = weir::sampler::parent_based(weir::sampler::never());
  CHECK(weir::make_server_span({.b3 = {.single = "1"}}, root_never).flags.sampled());
  CHECK(weir::make_server_span({.b3 = {.flags = "1"}}, root_never).flags.sampled());
  CHECK_FALSE(weir::make_server_span({.b3 = {.single = "1"}}, weir::sampler::never()).flags.sampled());
  CHECK_FALSE(weir::make_edge_span({.b3 = {.single = "1"}}).caller);
  CHECK_FALSE(weir::make_edge_span({.b3 = {.single = "1"}}, root_never).context.flags.sampled());
}

TEST_CASE("server span: what B3 leaves open the sampler decides", "[trace][server_span]") {
  const weir::b3_headers open{.single = "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312"};
  CHECK(weir::make_server_span({.b3 = open}).flags.sampled());
  const auto root_never = weir::sampler::parent_based(weir::sampler::never());
  CHECK_FALSE(weir::make_server_span({.b3 = open}, root_never).flags.sampled());
}

TEST_CASE("server span: the state comes along in the order of its headers", "[trace][server_span]") {
  const auto context = weir::make_server_span(headers{sample}, headers{"foo=1", "", "bar=2 , baz=3"});
  CHECK(context.state.text() == "foo=1,bar=2,baz=3");
}

TEST_CASE("server span: a bad state is dropped and the trace kept", "[trace][server_span]") {
  const auto context = weir::make_server_span(headers{sample}, headers{"foo=1", "BAD=1"});
  CHECK(context.trace == sample_trace);
  CHECK(context.state.empty());
}

TEST_CASE("server span: an untrusted edge starts its own trace and links the caller's", "[trace][server_span]") {
  const auto edge = weir::make_edge_span(headers{sample});
  CHECK_FALSE(edge.context.trace == sample_trace);
  CHECK_FALSE(edge.context.parent.valid());
  CHECK(edge.context.flags.random());
  REQUIRE(edge.caller);
  CHECK(edge.caller->trace == sample_trace);
  CHECK(edge.caller->span == weir::span_id{0x1234567890123456});
  CHECK(edge.caller->flags.sampled());

  CHECK_FALSE(weir::make_edge_span(headers{}).caller);
  CHECK_FALSE(weir::make_edge_span(headers{sample, other}).caller);
}

TEST_CASE("server span: whatever the headers hold, there is a valid context", "[trace][server_span]") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::string> bytes(random() % 4);
    for (std::string& value : bytes) {
      value.resize(random() % 70);
      for (char& c : value) c = static_cast<char>(random());
      if (random() % 3 == 0) value = sample;
    }
    const headers values(bytes.begin(), bytes.end());
    REQUIRE(weir::make_server_span(values, values).valid());
    const std::string_view one = values.empty() ? std::string_view{} : values.back();
    REQUIRE(weir::make_server_span({.b3 = {.single = one, .trace_id = one, .span_id = one}}).valid());
  }
}

} // namespace
