// Every way out of an exchange, and that each is counted once and told alike by metrics and access log.
#include "weir/http/exchange.hpp"

#include "told_once.hpp"
#include "weir/context.hpp"
#include "weir/http/observer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using weir::cancel_reason;
using weir::request_outcome;
using weir::request_phase;
using weir_test::begin;
using weir_test::json_member;
using weir_test::observed;
using weir_test::require_told_once;

TEST_CASE("http: a connection handed over has its own outcome, which nothing changes afterwards", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  exchange.response_started(101);
  exchange.upgraded();
  SECTION("at once") {}
  SECTION("while its client goes") { exchange.cancel(cancel_reason::client_reset); }
  SECTION("with a handler that ends by throwing") { exchange.handler_threw("the channel is closed"); }
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::upgraded);
  const std::string line = require_told_once(server, exchange);
  CHECK(json_member(line, "level") == "info");
  CHECK(json_member(line, "error.type") == "(absent)");
  CHECK(server.finished({{"error_type", ""}}) == 1);
}

TEST_CASE("http: a request that is answered to its end is completed", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::write);
  CHECK(server.active() == 1);
  CHECK_FALSE(exchange.ctx().done());
  exchange.add_request_bytes(3);
  exchange.add_response_bytes(5);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::completed);
  const std::string line = require_told_once(server, exchange);
  CHECK(json_member(line, "message") == "GET /download/a 200");
  CHECK(json_member(line, "level") == "info");
  CHECK(json_member(line, "http.request.body.size") == "3");
  CHECK(json_member(line, "http.response.body.size") == "5");
  CHECK(json_member(line, "error.type") == "(absent)");
  CHECK(server.finished({{"error_type", ""}}) == 1);
}

TEST_CASE("http: finishing twice, or cancelling afterwards, changes nothing", "[http]") {
  observed server;
  std::optional<weir::exchange> exchange(server.observer);
  begin(*exchange, request_phase::write);
  exchange->response_completed();
  exchange->finish();
  CHECK_FALSE(exchange->cancel(cancel_reason::client_reset));
  exchange->finish();
  CHECK(exchange->facts().outcome == request_outcome::completed);
  require_told_once(server, *exchange);
  exchange.reset();
  CHECK(server.access_lines().size() == 1);
}

TEST_CASE("http: nothing is counted of an exchange that was never begun", "[http]") {
  observed server;
  {
    weir::exchange exchange(server.observer);
    CHECK_FALSE(exchange.cancel(cancel_reason::client_closed));
    exchange.finish();
    CHECK_FALSE(exchange.is_open());
  }
  CHECK(server.access_lines().empty());
  CHECK(server.finished() == 0);
  CHECK(server.active() == 0);
}

TEST_CASE("http: a handler that threw makes the request failed, whatever is answered for it", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  exchange.handler_threw("no\nsuch table " + std::string(600, 'x'));
  exchange.response_started(500);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::failed);
  CHECK(exchange.facts().error.size() == 512);
  const std::string line = require_told_once(server, exchange);
  CHECK(json_member(line, "level") == "warn");
  CHECK(json_member(line, "error.message").starts_with("no\\nsuch table xx"));
  CHECK(server.finished({{"error_type", "exception"}}) == 1);
}

TEST_CASE("http: a line without a method and a path has dashes in their place", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  exchange.begin({});
  exchange.protocol_error("bad method");
  exchange.response_started(400);
  exchange.response_completed();
  exchange.finish();
  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 1);
  CHECK(json_member(lines[0], "message") == "- - 400");
}

TEST_CASE("http: an exchange that is destroyed while open is finished as failed", "[http]") {
  observed server;
  {
    weir::exchange exchange(server.observer);
    begin(exchange, request_phase::handler);
  }
  CHECK(server.active() == 0);
  CHECK(server.finished() == 1);
  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 1);
  CHECK(json_member(lines[0], "outcome") == "failed");
  CHECK(json_member(lines[0], "error.message") == "given up");
  CHECK(json_member(lines[0], "http.response.status_code") == "(absent)");
}

TEST_CASE("http: beginning again finishes the request before, and starts with nothing of it", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::write);
  exchange.add_response_bytes(9);
  exchange.cancel(cancel_reason::client_reset);
  exchange.timed_out();
  const weir::context first = exchange.ctx();
  const weir::trace_context first_trace = exchange.facts().trace;

  exchange.begin({.method = "POST", .target = "/other", .version = 10});
  CHECK(first.done());
  CHECK_FALSE(exchange.ctx().done());
  CHECK(exchange.facts().trace.trace != first_trace.trace);
  CHECK(server.finished() == 1);
  CHECK(server.active() == 1);
  exchange.handler_started();
  exchange.response_started(204);
  exchange.response_completed();
  exchange.finish();

  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 2);
  CHECK(json_member(lines[1], "message") == "POST /other 204");
  CHECK(json_member(lines[1], "outcome") == "completed");
  CHECK(json_member(lines[1], "http.route").empty());
  CHECK(json_member(lines[1], "http.response.body.size") == "0");
  CHECK(json_member(lines[1], "network.protocol.version") == "1.0");
  CHECK(json_member(lines[1], "client.address").empty());
  CHECK(server.finished() == 2);
  CHECK(server.active() == 0);
}

TEST_CASE("http: what a handler left behind finds its context ended", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  const weir::context left_behind = exchange.ctx();
  bool told = false;
  exchange.ctx().on_done([&] { told = true; }).detach();
  exchange.finish();
  CHECK(left_behind.done());
  CHECK(left_behind.reason() == cancel_reason::application);
  CHECK(told);
  begin(exchange, request_phase::handler);
  CHECK(left_behind.done());
  CHECK_FALSE(exchange.ctx().done());
}

TEST_CASE("http: the gauge comes back although the method is nobody's", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  exchange.begin({.method = "BREW", .target = "/pot", .scheme = "gopher"});
  CHECK(server.sum("http_server_active_requests", {{"http_request_method", "_OTHER"}, {"url_scheme", "http"}}) == 1);
  exchange.finish();
  CHECK(server.active() == 0);
  CHECK(json_member(server.access_lines().at(0), "http.request.method") == "BREW");
}

TEST_CASE("http: an observer refuses options that make no sense, and names them", "[http]") {
  CHECK_THROWS_WITH(weir::request_observer({.metrics = nullptr}), Catch::Contains("metrics"));
  CHECK_THROWS_WITH(weir::request_observer({.ignored_after = -1ms}), Catch::Contains("ignored_after is -1 ms"));
  CHECK_THROWS_AS(weir::request_observer({.ignored_after = 2h}), std::invalid_argument);
}

TEST_CASE("exchange: a copy keeps what is known, values and ids, and is ended by nobody", "[http]") {
  std::optional<weir::request_snapshot> copy;
  weir::trace_context trace;
  {
    observed server;
    weir::exchange exchange(server.observer);
    begin(exchange, request_phase::handler);
    trace = exchange.facts().trace;
    copy = exchange.copy();
    exchange.cancel(cancel_reason::client_closed);
    exchange.finish();
    begin(exchange); // the next one, in the same place
  }
  CHECK_FALSE(copy->ctx.can_be_done());
  CHECK(*copy->ctx.ids() == to_correlation(trace));
  CHECK(copy->facts.method == "GET");
  CHECK(copy->facts.path == "/download/a");
  CHECK(copy->facts.route == "/download/{file}");
  CHECK(copy->facts.peer == "192.0.2.7");
  CHECK(copy->facts.trace.span == trace.span);
}

TEST_CASE("http: an RPC is told with its code, and is an error where that says that the server has failed",
          "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  const auto call = [&](int code, std::string_view error_type) {
    exchange.begin({.method = "POST", .target = "/shop.Orders/Find", .version = 20});
    exchange.response_started(200);
    exchange.set_grpc_status(code, error_type);
    exchange.response_completed();
    exchange.finish();
  };
  call(5, "");
  call(13, "INTERNAL");
  call(13, "INTERNAL");
  call(0, "");
  CHECK(server.finished({{"error_type", ""}, {"network_protocol_version", "2"}}) == 2);
  CHECK(server.finished({{"error_type", "INTERNAL"}, {"http_response_status_code", "200"}}) == 2);
  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 4);
  CHECK(json_member(lines[0], "rpc.grpc.status_code") == "5");
  CHECK(json_member(lines[0], "http.response.status_code") == "(absent)");
  CHECK(json_member(lines[0], "network.protocol.version") == "2");
  // Nothing of it is left for what comes next.
  exchange.begin({.method = "GET", .target = "/"});
  exchange.response_started(200);
  exchange.response_completed();
  exchange.finish();
  CHECK(json_member(server.access_lines()[4], "rpc.grpc.status_code") == "(absent)");
}
