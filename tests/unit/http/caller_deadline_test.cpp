// How long a request may take: what its caller says, what the server says, and what comes of it.
#include "weir/http/exchange.hpp"

#include "observed.hpp"
#include "sent.hpp"
#include "weir/http/observer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string_view>

using namespace std::chrono_literals;
using weir::cancel_reason;
using weir::request_outcome;
using weir_test::begin_with;
using weir_test::complete;
using weir_test::json_member;
using weir_test::observed;
using weir_test::sent;

namespace {

/// From the request's first byte until its context ends.
std::optional<std::chrono::nanoseconds> time_given(const weir::exchange& exchange) {
  const auto deadline = exchange.ctx().deadline();
  if (!deadline) return std::nullopt;
  return *deadline - exchange.facts().received;
}

} // namespace

TEST_CASE("http: the shorter one of the caller's time and the server's counts", "[http][deadline]") {
  struct example {
    std::chrono::milliseconds own;
    std::optional<std::chrono::microseconds> read_by_server;
    sent headers;
    std::optional<std::chrono::nanoseconds> expected;
    int received;
  };
  const example examples[]{
      {0ms, {}, {}, {}, 0},
      {60s, {}, {}, 60s, 0},
      {0ms, {}, {{"X-Request-Timeout-Ms", "30000"}}, 30s, 1},
      {60s, {}, {{"X-Request-Timeout-Ms", "30000"}}, 30s, 1},
      {20s, {}, {{"X-Request-Timeout-Ms", "30000"}}, 20s, 1},
      {0ms, {}, {{"grpc-timeout", "40S"}}, 40s, 1},
      {0ms, {}, {{"grpc-timeout", "20S"}, {"X-Request-Timeout-Ms", "30s"}}, 20s, 1},
      {0ms, {}, {{"grpc-timeout", "40S"}, {"X-Request-Timeout-Ms", "30s"}}, 30s, 1},
      {0ms, 25s, {{"X-Request-Timeout-Ms", "30s"}}, 25s, 1},
      {0ms, 35s, {}, 35s, 1},
      {0ms, {}, {{"X-Request-Timeout-Ms", "soon"}}, {}, 0},
      {50s, {}, {{"X-Request-Timeout-Ms", "soon"}, {"grpc-timeout", "1h"}}, 50s, 0},
      {0ms, {}, {{"X-Request-Timeout-Ms", "3600000"}}, 1h, 1},
      {0ms, {}, {{"X-Request-Timeout-Ms", "3600001"}}, {}, 0},
      {10s, {}, {{"X-Request-Timeout-Ms", "9999999999s"}}, 10s, 0},
  };
  for (const example& each : examples) {
    CAPTURE(&each - examples);
    observed server({.default_deadline = each.own});
    weir::exchange exchange(server.observer);
    begin_with(exchange, each.headers, {.timeout = each.read_by_server});
    CHECK(time_given(exchange) == each.expected);
    CHECK_FALSE(exchange.expired_on_arrival());
    CHECK_FALSE(exchange.ctx().done());
    CHECK(server.sum("weir_deadline_received_total") == each.received);
    CHECK(server.sum("weir_deadline_expired_on_arrival_total") == 0);
    complete(exchange);
    CHECK(exchange.facts().outcome == request_outcome::completed);
  }
}

TEST_CASE("http: a request whose caller has given up is refused", "[http][deadline]") {
  for (const std::string_view time : {"0", "-1", "-9999999999s"}) {
    CAPTURE(time);
    observed server({.default_deadline = 10s});
    weir::exchange exchange(server.observer);
    begin_with(exchange, {{"X-Request-Timeout-Ms", time}});
    CHECK(exchange.expired_on_arrival());
    CHECK(exchange.ctx().done());
    CHECK(exchange.ctx().reason() == cancel_reason::deadline);
    CHECK(exchange.status_if_late() == 504);
    exchange.response_started(504);
    exchange.response_completed();
    exchange.finish();
    CHECK(exchange.facts().outcome == request_outcome::refused);
    CHECK(server.sum("weir_deadline_received_total") == 1);
    CHECK(server.sum("weir_deadline_expired_on_arrival_total") == 1);
    CHECK(server.cancelled() == 0);
    CHECK(server.finished({{"error_type", "deadline"}, {"http_response_status_code", "504"}}) == 1);
    const std::string line = server.access_lines().at(0);
    CHECK(json_member(line, "outcome") == "refused");
    CHECK(json_member(line, "error.type") == "deadline");
    // The next request of the connection has nothing of it.
    begin_with(exchange, {});
    CHECK_FALSE(exchange.expired_on_arrival());
    CHECK_FALSE(exchange.ctx().done());
  }
}

TEST_CASE("http: time that has passed before the request was read counts", "[http][deadline]") {
  observed server;
  weir::exchange exchange(server.observer);
  const auto long_ago = std::chrono::steady_clock::now() - 5s;
  begin_with(exchange, {{"X-Request-Timeout-Ms", "4999"}}, {.received = long_ago});
  CHECK(exchange.expired_on_arrival());
  begin_with(exchange, {{"X-Request-Timeout-Ms", "60000"}}, {.received = long_ago});
  CHECK_FALSE(exchange.expired_on_arrival());
  CHECK(*exchange.ctx().deadline() == long_ago + 60s);
}

TEST_CASE("http: a request that took all its time to be read is over when it begins", "[http][deadline]") {
  observed server({.default_deadline = 60s});
  weir::exchange exchange(server.observer);
  const auto long_ago = std::chrono::steady_clock::now() - 1h;
  exchange.begin({.method = "GET", .target = "/slow", .received = long_ago});
  CHECK(exchange.ctx().done());
  CHECK(exchange.ctx().reason() == cancel_reason::timeout);
  CHECK_FALSE(exchange.expired_on_arrival()); // its caller has set no time
  CHECK(exchange.status_if_late() == 503);
  exchange.finish();
}

TEST_CASE("http: what ends a request is told apart: its caller's time and the server's", "[http][deadline]") {
  struct example {
    std::chrono::milliseconds own;
    sent headers;
    cancel_reason reason;
  };
  for (const example& each : {example{1ms, {}, cancel_reason::timeout},
                              example{1h, {{"X-Request-Timeout-Ms", "1"}}, cancel_reason::deadline}}) {
    observed server({.default_deadline = each.own});
    weir::exchange exchange(server.observer);
    begin_with(exchange, each.headers);
    exchange.handler_started();
    exchange.ctx().wait();
    exchange.finish();
    CHECK(exchange.facts().outcome == request_outcome::timed_out);
    CHECK(exchange.facts().reason == each.reason);
    CHECK(exchange.facts().time_to_stop >= 0ns);
  }
}

TEST_CASE("http: the end of a request stops its deadline's timer", "[http][deadline]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin_with(exchange, {{"X-Request-Timeout-Ms", "60000"}});
  const weir::context held = exchange.ctx();
  complete(exchange);
  // By the request's end, not by its time.
  CHECK(held.done());
  CHECK(held.reason() == cancel_reason::application);
}
