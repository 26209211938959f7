// The ids of a request: the caller's trace or a new one, and the same in everything that is logged for it.
#include "weir/http/exchange.hpp"

#include "observed.hpp"
#include "weir/context.hpp"
#include "weir/http/observer.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <span>
#include <string>
#include <string_view>

using weir_test::json_member;
using weir_test::observed;

namespace {

constexpr std::string_view trace_sent = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view span_sent = "00f067aa0ba902b7";
constexpr std::string_view good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

void begin_with_parents(weir::exchange& exchange, std::span<const std::string_view> parents) {
  weir::request_headers headers(exchange.observer());
  for (const std::string_view parent : parents) headers.take("traceparent", parent);
  exchange.begin({.method = "GET", .target = "/", .headers = &headers});
}

} // namespace

TEST_CASE("http: a caller's trace is continued under a span of its own", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin_with_parents(exchange, std::span(&good, 1));
  const weir::trace_context& trace = exchange.facts().trace;
  CHECK(std::string_view(to_hex(trace.trace)) == trace_sent);
  CHECK(std::string_view(to_hex(trace.parent)) == span_sent);
  CHECK(std::string_view(to_hex(trace.span)) != span_sent);
  CHECK(trace.flags.sampled());
  CHECK(exchange.ctx().ids() != nullptr);
  CHECK(*exchange.ctx().ids() == to_correlation(trace));
  exchange.finish();
  const std::string line = server.access_lines().at(0);
  CHECK(json_member(line, "trace_id") == trace_sent);
  CHECK(json_member(line, "span_id") == std::string_view(to_hex(trace.span)));
}

TEST_CASE("http: a bad traceparent, or two, begin a new trace", "[http]") {
  observed server;
  const std::array<std::string_view, 6> bad{"",
                                            "no trace",
                                            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"};
  weir::exchange exchange(server.observer);
  for (const std::string_view& parent : bad) {
    CAPTURE(parent);
    begin_with_parents(exchange, std::span(&parent, 1));
    CHECK(exchange.facts().trace.valid());
    CHECK_FALSE(exchange.facts().trace.parent.valid());
    CHECK(std::string_view(to_hex(exchange.facts().trace.trace)) != trace_sent);
  }
  const std::array<std::string_view, 2> two{good, good};
  begin_with_parents(exchange, two);
  CHECK(exchange.facts().trace.valid());
  CHECK(std::string_view(to_hex(exchange.facts().trace.trace)) != trace_sent);
}

TEST_CASE("http: an edge that trusts nobody begins a new trace", "[http]") {
  observed server({.trust_callers = false});
  weir::exchange exchange(server.observer);
  begin_with_parents(exchange, std::span(&good, 1));
  CHECK(exchange.facts().trace.valid());
  CHECK(std::string_view(to_hex(exchange.facts().trace.trace)) != trace_sent);
  exchange.finish();
  const std::string line = server.access_lines().at(0);
  CHECK(json_member(line, "caller.trace_id") == trace_sent);
  CHECK(json_member(line, "caller.span_id") == span_sent);

  exchange.begin({.method = "GET", .target = "/"});
  exchange.finish();
  CHECK(json_member(server.access_lines().at(1), "caller.trace_id") == "(absent)");
}

TEST_CASE("http: the access record has its own request's ids, whatever is current on the thread", "[http]") {
  observed server;
  weir::exchange one(server.observer);
  weir::exchange other(server.observer);
  one.begin({.method = "GET", .target = "/one"});
  other.begin({.method = "GET", .target = "/other"});
  {
    const weir::context_scope under(other.ctx());
    one.finish();
    CHECK(*weir::current_correlation == *other.ctx().ids());
  }
  const std::string line = server.access_lines().at(0);
  CHECK(json_member(line, "url.path") == "/one");
  CHECK(json_member(line, "trace_id") == std::string_view(to_hex(one.facts().trace.trace)));
  CHECK(weir::current_correlation == nullptr);
}
