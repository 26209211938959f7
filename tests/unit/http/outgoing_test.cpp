// What a request carries on to the ones that are sent for it.
#include "weir/http/outgoing_headers.hpp"

#include "observed.hpp"
#include "sent.hpp"
#include "weir/http/observer.hpp"
#include "weir/http/outgoing_call.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using weir_test::begin_with;
using weir_test::observed;

namespace {

std::map<std::string, std::string> written(const weir::outgoing_headers& headers) {
  std::map<std::string, std::string> all;
  headers.for_each([&](std::string_view name, std::string_view value) { CHECK(all.emplace(name, value).second); });
  return all;
}

} // namespace

TEST_CASE("http: an outgoing request continues the trace, under a span of its own", "[http][outgoing]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin_with(exchange, {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"},
                        {"tracestate", "a=1"},
                        {"baggage", "user=7"},
                        {"X-Request-ID", "req-1"}});
  const weir::outgoing_headers one(exchange.ctx()), other(exchange.ctx());
  const auto all = written(one);
  REQUIRE(all.size() == 4);
  CHECK(all.at("tracestate") == "a=1");
  CHECK(all.at("baggage") == "user=7");
  CHECK(all.at("X-Request-ID") == "req-1");
  const auto told = weir::parse_traceparent(all.at("traceparent"));
  REQUIRE(told);
  CHECK(told->trace == exchange.facts().trace.trace);
  CHECK(told->flags == exchange.facts().trace.flags);
  CHECK(told->span.value == one.ids().span_id);
  CHECK(told->span != exchange.facts().trace.span);
  CHECK(one.ids().span_id != other.ids().span_id);
}

TEST_CASE("http: an outgoing request has nothing that its context has not", "[http][outgoing]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin_with(exchange, {});
  const auto all = written(weir::outgoing_headers(exchange.ctx()));
  CHECK(all.size() == 1);
  const auto told = weir::parse_traceparent(all.at("traceparent"));
  REQUIRE(told);
  CHECK(told->trace == exchange.facts().trace.trace);
  CHECK(told->flags == exchange.facts().trace.flags);
}

TEST_CASE("http: an outgoing request of no request begins a trace", "[http][outgoing]") {
  const weir::outgoing_headers headers(weir::background());
  const auto all = written(headers);
  CHECK(all.size() == 1);
  CHECK(weir::parse_traceparent(all.at("traceparent"))->span.value == headers.ids().span_id);
}

TEST_CASE("http: an outgoing request is told what is left of the time", "[http][outgoing]") {
  const auto left = [](const weir::context& ctx) {
    return *weir::parse_timeout(written(weir::outgoing_headers(ctx)).at("X-Request-Timeout-Ms"));
  };
  const auto [long_ctx, end_long] = weir::with_timeout(weir::background(), 1h);
  CHECK(left(long_ctx) <= 1h);
  CHECK(left(long_ctx) > 59min);
  CHECK(*weir::remaining(long_ctx) > 59min);
  const auto [passed, end_passed] = weir::with_timeout(weir::background(), -1s);
  CHECK(left(passed) == 0ms);
  CHECK(weir::remaining(passed) == 0ns);
  CHECK_FALSE(weir::remaining(weir::background()));
  CHECK(written(weir::outgoing_headers(long_ctx, "Connect-Timeout-Ms")).count("Connect-Timeout-Ms") == 1);
  CHECK(written(weir::outgoing_headers(long_ctx, "")).size() == 1);
}

TEST_CASE("http: what was sent out is read as it was meant", "[http][outgoing]") {
  observed server({.request_ids = weir::request_id_policy::always});
  weir::exchange caller(server.observer), callee(server.observer);
  begin_with(caller, {{"baggage", "a=1"}, {"X-Request-Timeout-Ms", "60000"}});
  const weir::outgoing_headers out(caller.ctx());
  weir_test::sent received;
  out.for_each([&](std::string_view name, std::string_view value) { received.emplace_back(name, value); });
  begin_with(callee, received);
  CHECK(callee.facts().trace.trace == caller.facts().trace.trace);
  CHECK(callee.facts().trace.parent.value == out.ids().span_id);
  CHECK(callee.facts().request_id == caller.facts().request_id);
  CHECK(*baggage_of(callee.ctx()) == *baggage_of(caller.ctx()));
  CHECK(*callee.ctx().deadline() - *caller.ctx().deadline() < 30s);
}

TEST_CASE("http: of calls to ever more servers the addresses give way, and nothing else", "[http][outgoing]") {
  weir::metrics_registry registry;
  weir::call_observer observer({.metrics = &registry, .max_series = 2});
  const auto call = [&](std::string_view address, unsigned status) {
    weir::outgoing_call one(observer, weir::background(), {.method = "GET", .address = address, .path = "/"});
    one.answered(status, 0);
  };
  for (const std::string_view address : {"a", "b", "c", "d"}) {
    call(address, 200);
    call(address, 503);
  }
  std::set<std::vector<std::string>> found;
  for (const weir::family_snapshot& family : registry.collect()) {
    if (family.name != "http_client_request_duration_seconds") continue;
    for (const auto& series : family.series) found.insert(series.label_values);
  }
  CHECK(found == std::set<std::vector<std::string>>{{"GET", "a", "80", "200", ""},
                                                    {"GET", "a", "80", "503", "503"},
                                                    {"GET", "_overflow", "80", "200", ""},
                                                    {"GET", "_overflow", "80", "503", "503"}});
}
