// What a request logs below the level is written when the request goes wrong, and only then.
#include "observed.hpp"

#include "weir/http.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

using weir_test::json_member;
using weir_test::observed;

namespace {

struct recorded_server : observed {
  explicit recorded_server(std::chrono::milliseconds slow_after = {})
      : observer_with_recorder({.metrics = &registry,
                                .access_log = &stream.get_logger("access"),
                                .recorder = &stream,
                                .slow_after = slow_after}) {}
  weir::request_observer observer_with_recorder;
};

void begin(weir::exchange& exchange, std::string_view target, std::chrono::steady_clock::time_point received = {}) {
  exchange.begin({.method = "GET", .target = target, .received = received});
  exchange.handler_started();
}

void work(recorded_server& server, const weir::exchange& exchange) {
  const weir::context_scope current(exchange.ctx());
  WEIR_DEBUG(server.stream.get_logger("app"), "a detail of {}", exchange.facts().path);
}

void answer(weir::exchange& exchange, unsigned status) {
  exchange.handler_returned();
  exchange.response_started(status);
  exchange.response_completed();
  exchange.finish();
}

} // namespace

TEST_CASE("recorder: a request that succeeds leaves no details", "[http][recorder]") {
  recorded_server server;
  weir::exchange exchange(server.observer_with_recorder);
  for (int i = 0; i < 3; ++i) {
    begin(exchange, "/fine");
    work(server, exchange);
    answer(exchange, 404);
  }
  CHECK(server.lines_of("app").empty());
  CHECK(server.access_lines().size() == 3);
}

TEST_CASE("recorder: one that goes wrong leaves its details, before its access record", "[http][recorder]") {
  recorded_server server;
  weir::exchange exchange(server.observer_with_recorder);
  begin(exchange, "/fine");
  work(server, exchange);
  answer(exchange, 200);
  begin(exchange, "/wrong");
  work(server, exchange);
  SECTION("an exception") {
    exchange.handler_threw("out of luck");
    answer(exchange, 500);
  }
  SECTION("a failure that it answers itself") { answer(exchange, 503); }
  SECTION("its client has gone") {
    exchange.cancel(weir::cancel_reason::client_closed);
    exchange.handler_returned();
    exchange.finish();
  }
  SECTION("its time is over") {
    exchange.timed_out();
    answer(exchange, 503);
  }
  const auto lines = server.lines();
  REQUIRE(lines.size() == 3);
  CHECK(json_member(lines[1], "message") == "a detail of /wrong");
  CHECK(json_member(lines[1], "recorded") == "true");
  CHECK(json_member(lines[2], "logger") == "access");
  CHECK(json_member(lines[1], "trace_id") == json_member(lines[2], "trace_id"));
  CHECK(server.sum("weir_requests_cancelled_total") <= 1);
}

TEST_CASE("recorder: one that is slow leaves its details", "[http][recorder]") {
  recorded_server server(std::chrono::milliseconds(500));
  weir::exchange exchange(server.observer_with_recorder);
  begin(exchange, "/quick");
  work(server, exchange);
  answer(exchange, 200);
  begin(exchange, "/slow", std::chrono::steady_clock::now() - std::chrono::seconds(1));
  work(server, exchange);
  answer(exchange, 200);
  const auto details = server.lines_of("app");
  REQUIRE(details.size() == 1);
  CHECK(json_member(details[0], "message") == "a detail of /slow");
}

TEST_CASE("recorder: what a handler left behind is not recorded for the next request", "[http][recorder]") {
  recorded_server server;
  weir::exchange exchange(server.observer_with_recorder);
  begin(exchange, "/first");
  const weir::context left_behind = exchange.ctx();
  answer(exchange, 200);
  begin(exchange, "/second");
  {
    const weir::context_scope current(left_behind);
    WEIR_DEBUG(server.stream.get_logger("app"), "of the first");
  }
  work(server, exchange);
  answer(exchange, 500);
  const auto details = server.lines_of("app");
  REQUIRE(details.size() == 1);
  CHECK(json_member(details[0], "message") == "a detail of /second");
}

TEST_CASE("recorder: an observer that is given a stream without one says so", "[http][recorder]") {
  weir::metrics_registry registry;
  weir::log_stream stream({.sinks = {weir::null_sink()}});
  CHECK_THROWS_WITH(weir::request_observer({.metrics = &registry, .recorder = &stream}),
                    Catch::Contains("log_options::recorder"));
  CHECK_THROWS_WITH(weir::request_observer({.metrics = &registry, .slow_after = std::chrono::milliseconds(-1)}),
                    Catch::Contains("slow_after is -1 ms"));
}
