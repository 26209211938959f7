// What a request brings along reaches its context, its record and its snapshot: sampling, request id, baggage, state.
#include "weir/http/exchange.hpp"

#include "observed.hpp"
#include "sent.hpp"
#include "weir/http/observer.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

using weir::request_id_policy;
using weir_test::begin_with;
using weir_test::complete;
using weir_test::json_member;
using weir_test::observed;
using weir_test::sent;

namespace {

constexpr std::string_view recorded = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::string_view unrecorded = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
constexpr std::string_view b3_recorded = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1";
constexpr std::string_view callers_trace = "4bf92f3577b34da6a3ce929d0e0e4736";

std::string trace_of(const weir::exchange& exchange) {
  return std::string(to_hex(exchange.facts().trace.trace).view());
}

} // namespace

TEST_CASE("http: the sampler decides what the context's flags say", "[http][caller]") {
  struct example {
    weir::observer_options options;
    sent headers;
    bool sampled;
  };
  const weir::sampler never_at_root = weir::sampler::parent_based(weir::sampler::never());
  const example examples[]{
      {{}, {}, true},
      {{}, {{"traceparent", recorded}}, true},
      {{}, {{"traceparent", unrecorded}}, false},
      {{.sampling = weir::sampler::always()}, {{"traceparent", unrecorded}}, true},
      {{.sampling = weir::sampler::never()}, {{"traceparent", recorded}}, false},
      {{.sampling = weir::sampler::ratio(0)}, {}, false},
      {{.sampling = weir::sampler::ratio(1)}, {}, true},
      {{.sampling = never_at_root}, {}, false},
      {{.sampling = never_at_root}, {{"traceparent", recorded}}, true},
      {{.sampling = never_at_root}, {{"b3", b3_recorded}}, true},
      {{.sampling = never_at_root}, {{"X-B3-Sampled", "1"}}, true},
      {{.accept_b3 = false, .sampling = never_at_root}, {{"b3", b3_recorded}}, false},
      {{.trust_callers = false, .sampling = never_at_root}, {{"traceparent", recorded}}, false},
  };
  for (const example& each : examples) {
    observed server(each.options);
    weir::exchange exchange(server.observer);
    begin_with(exchange, each.headers);
    CAPTURE(&each - examples);
    CHECK(exchange.facts().trace.flags.sampled() == each.sampled);
    CHECK(exchange.ctx().ids()->trace_flags == exchange.facts().trace.flags.bits);
    CHECK(exchange.copy().ctx.ids()->trace_flags == exchange.facts().trace.flags.bits);
  }
}

TEST_CASE("http: B3 names the caller where there is no usable traceparent", "[http][caller]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin_with(exchange, {{"X-B3-TraceId", callers_trace}, {"X-B3-SpanId", "00f067aa0ba902b7"}});
  CHECK(trace_of(exchange) == callers_trace);
  begin_with(exchange, {{"b3", "11111111111111111111111111111111-1111111111111111-1"}, {"traceparent", recorded}});
  CHECK(trace_of(exchange) == callers_trace);
  begin_with(exchange, {{"b3", b3_recorded}, {"traceparent", "nonsense"}});
  CHECK(trace_of(exchange) == callers_trace);
}

TEST_CASE("http: a request has the id that its policy gives it, in record, context and snapshot", "[http][caller]") {
  struct example {
    request_id_policy policy;
    bool trusted;
    std::optional<std::string_view> given;
    std::string_view expected; // "*": a new one
  };
  using enum request_id_policy;
  const example examples[]{
      {accept, true, " req-1 ", "req-1"},
      {accept, true, {}, ""},
      {accept, true, "a b", ""},
      {accept, false, "req-1", ""},
      {none, true, "req-1", ""},
      {always, true, "req-1", "req-1"},
      {always, true, {}, "*"},
      {always, true, "<b>", "*"},
      {always, false, "req-1", "*"},
  };
  for (const example& each : examples) {
    CAPTURE(&each - examples);
    observed server({.trust_callers = each.trusted, .request_ids = each.policy});
    weir::exchange exchange(server.observer);
    sent headers;
    if (each.given) headers.emplace_back("x-request-id", *each.given);
    begin_with(exchange, headers);
    const std::string id = exchange.facts().request_id;
    if (each.expected == "*") {
      CHECK(id.size() == 36);
      CHECK(weir::parse_request_id(id) == id);
    } else {
      CHECK(id == each.expected);
    }
    CHECK(request_id_of(exchange.ctx()) == id);
    const weir::request_snapshot kept = exchange.copy();
    complete(exchange);
    CHECK(json_member(server.access_lines().at(0), "http.request.id") == (id.empty() ? "(absent)" : id));
    begin_with(exchange, {{"x-request-id", "another"}});
    CHECK(request_id_of(kept.ctx) == id);
    CHECK(kept.facts.request_id == id);
  }
}

TEST_CASE("http: the request id stands in records of requests that fail, too", "[http][caller]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin_with(exchange, {{"x-request-id", "thrown"}});
  exchange.handler_threw("broken");
  exchange.finish();
  begin_with(exchange, {{"x-request-id", "left"}});
  exchange.cancel(weir::cancel_reason::client_closed);
  exchange.finish();
  const auto lines = server.access_lines();
  CHECK(json_member(lines.at(0), "http.request.id") == "thrown");
  CHECK(json_member(lines.at(0), "error.message") == "broken");
  CHECK(json_member(lines.at(1), "http.request.id") == "left");
  CHECK(json_member(lines.at(1), "error.type") == "client_closed");
}

TEST_CASE("http: a trusted caller's baggage is in the context, and only if there is some", "[http][caller]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin_with(exchange, {{"baggage", "a=1, b=2"}, {"Baggage", "c=3;p=q,broken"}});
  REQUIRE(baggage_of(exchange.ctx()) != nullptr);
  CHECK(baggage_of(exchange.ctx())->to_header() == "a=1,b=2,c=3;p=q");
  const weir::request_snapshot kept = exchange.copy();
  begin_with(exchange, {{"baggage", "broken"}});
  CHECK(baggage_of(exchange.ctx()) == nullptr);
  begin_with(exchange, {});
  CHECK(baggage_of(exchange.ctx()) == nullptr);
  CHECK(baggage_of(kept.ctx)->get("b") == "2");

  observed edge({.trust_callers = false});
  weir::exchange at_edge(edge.observer);
  begin_with(at_edge, {{"baggage", "a=1"}});
  CHECK(baggage_of(at_edge.ctx()) == nullptr);
}

TEST_CASE("http: tracestate is in the context where the trace is continued", "[http][caller]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin_with(exchange, {{"traceparent", recorded}, {"tracestate", "a=1,"}, {"tracestate", " b=2"}});
  CHECK(tracestate_of(exchange.ctx()) == "a=1,b=2");
  begin_with(exchange, {{"tracestate", "a=1"}});
  CHECK(tracestate_of(exchange.ctx()).empty());
  begin_with(exchange, {{"traceparent", recorded}, {"tracestate", "A B"}});
  CHECK(tracestate_of(exchange.ctx()).empty());
  CHECK(trace_of(exchange) == callers_trace);
}

TEST_CASE("http: what a request brought along stays what it was for whoever holds its context", "[http][caller]") {
  observed server({.request_ids = request_id_policy::always});
  weir::exchange exchange(server.observer);
  begin_with(exchange, {{"x-request-id", "first"}});
  const weir::context held = exchange.ctx();
  const weir::context child = weir::with_correlation(exchange.ctx(), {});
  complete(exchange);
  for (const char* id : {"second", "third"}) {
    begin_with(exchange, {{"x-request-id", id}});
    CHECK(request_id_of(exchange.ctx()) == id);
    CHECK(request_id_of(held) == "first");
    CHECK(request_id_of(child) == "first");
    complete(exchange);
  }
}

// The memory of one request's context serves the next one of the connection, request id included.
TEST_CASE("http: requests with ids have their contexts in one place", "[http][caller]") {
  observed server({.request_ids = request_id_policy::always});
  weir::exchange exchange(server.observer);
  begin_with(exchange, {});
  const weir::correlation* const place = exchange.ctx().ids();
  const auto* const id = request_id_of(exchange.ctx()).data();
  complete(exchange);
  for (int i = 0; i < 3; ++i) {
    begin_with(exchange, {});
    CHECK(exchange.ctx().ids() == place);
    CHECK(request_id_of(exchange.ctx()).data() == id);
    CHECK(request_id_of(exchange.ctx()) == exchange.facts().request_id);
    complete(exchange);
  }
}

// Whether a context's memory may be used again is decided while others let go of it.
TEST_CASE("http: a request's id stays what it was for a thread that works on", "[http][caller][concurrent]") {
  observed server({.request_ids = request_id_policy::always});
  weir::exchange exchange(server.observer);
  struct work {
    weir::context ctx;
    std::string id;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<work> waiting;
  bool is_over = false;
  std::atomic<int> wrong{0};
  {
    std::jthread worker([&] {
      std::unique_lock hold(mutex);
      for (;;) {
        changed.wait(hold, [&] { return is_over || !waiting.empty(); }); // woken below, at the latest by the end
        if (waiting.empty()) return;
        work next = std::move(waiting.front());
        waiting.pop_front();
        hold.unlock();
        if (request_id_of(next.ctx) != next.id) ++wrong;
        next = {};
        hold.lock();
      }
    });
    for (int i = 0; i < 2000; ++i) {
      begin_with(exchange, {});
      if (i % 3 != 0) {
        const std::lock_guard hold(mutex);
        waiting.push_back({exchange.ctx(), exchange.facts().request_id});
        changed.notify_one();
      }
      complete(exchange);
    }
    const std::lock_guard hold(mutex);
    is_over = true;
    changed.notify_one();
  }
  CHECK(wrong == 0);
}
