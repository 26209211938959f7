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

TEST_CASE("server span: a new trace is sampled as told, a continued one as the caller says", "[trace][server_span]") {
  CHECK(weir::make_server_span(headers{}, headers{}, true).flags.sampled());
  CHECK_FALSE(weir::make_server_span(headers{}, headers{}, false).flags.sampled());
  CHECK(weir::make_server_span(headers{sample}, headers{}, false).flags.sampled());
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
  }
}

} // namespace
