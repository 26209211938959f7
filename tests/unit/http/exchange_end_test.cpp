// Exchanges that do not come to their end: cancelled, timed out, refused, and no HTTP at all.
#include "weir/http/exchange.hpp"

#include "told_once.hpp"
#include "weir/context.hpp"
#include "weir/http/observer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using weir::cancel_reason;
using weir::request_outcome;
using weir::request_phase;
using weir_test::begin;
using weir_test::json_member;
using weir_test::observed;
using weir_test::require_told_once;

TEST_CASE("http: a cancel tells the phase in which it came", "[http]") {
  for (const auto phase : {request_phase::read, request_phase::handler, request_phase::write}) {
    observed server;
    weir::exchange exchange(server.observer);
    begin(exchange, phase);
    CHECK(exchange.cancel(cancel_reason::client_reset));
    CHECK(exchange.ctx().done());
    CHECK(exchange.ctx().reason() == cancel_reason::client_reset);
    // What happens afterwards is not where it was cancelled.
    if (phase == request_phase::read) exchange.handler_started();
    if (phase != request_phase::write) exchange.response_started(200);
    exchange.handler_returned();
    exchange.finish();
    CHECK(exchange.facts().outcome == request_outcome::cancelled);
    CHECK(exchange.facts().phase == phase);
    CHECK(exchange.facts().time_to_stop >= 0ns);
    require_told_once(server, exchange);
    CHECK(server.cancelled({{"phase", to_string_view(phase)}, {"reason", "client_reset"}}) == 1);
  }
}

TEST_CASE("http: no status is made up for a client that left before there was one", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  exchange.cancel(cancel_reason::client_closed);
  exchange.finish();
  const std::string line = require_told_once(server, exchange);
  CHECK(json_member(line, "message") == "GET /download/a 499");
  CHECK(json_member(line, "http.response.status_code") == "(absent)");
  CHECK(server.finished({{"http_response_status_code", ""}, {"error_type", "client_closed"}}) == 1);
}

TEST_CASE("http: bytes that were sent to a client that left are counted as wasted", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::write);
  exchange.add_response_bytes(70'000);
  exchange.cancel(cancel_reason::client_closed);
  exchange.finish();
  const std::string line = require_told_once(server, exchange);
  CHECK(json_member(line, "message") == "GET /download/a 200");
  CHECK(server.sum("weir_response_bytes_wasted_total", {{"http_route", "/download/{file}"}}) == 70'000);
}

TEST_CASE("http: a client that leaves after the last byte has not cancelled anything", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::write);
  exchange.response_completed();
  CHECK(exchange.cancel(cancel_reason::client_closed));
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::completed);
  CHECK(exchange.facts().reason == cancel_reason::none);
  require_told_once(server, exchange);
}

TEST_CASE("http: a client that left before its response began is gone, though that was written to its end",
          "[http]") {
  const auto phase = GENERATE(request_phase::read, request_phase::handler);
  const auto reason = GENERATE(cancel_reason::client_closed, cancel_reason::client_reset);
  const bool throws = GENERATE(false, true);
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, phase);
  exchange.cancel(reason);
  if (throws) exchange.handler_threw("no row");
  exchange.handler_returned();
  exchange.response_started(throws ? 500 : 200);
  exchange.add_response_bytes(70);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::cancelled);
  CHECK(exchange.facts().reason == reason);
  CHECK(exchange.facts().phase == phase);
  CHECK(exchange.facts().time_to_stop >= 0ns);
  require_told_once(server, exchange);
  CHECK(server.sum("weir_response_bytes_wasted_total") == 70);
}

TEST_CASE("http: a client that reads its whole response and leaves has it, whenever that is noticed", "[http]") {
  const auto reason = GENERATE(cancel_reason::client_closed, cancel_reason::client_reset);
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::write);
  CHECK(exchange.cancel(reason));
  exchange.add_response_bytes(70);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::completed);
  require_told_once(server, exchange);
  CHECK(server.sum("weir_response_bytes_wasted_total") == 0);
}

TEST_CASE("http: a client that leaves with its response has it, though that is noticed before its sender says so",
          "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  const auto sent = std::chrono::steady_clock::now();
  CHECK(exchange.cancel(cancel_reason::client_closed));
  exchange.response_started(200, sent);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::completed);
  require_told_once(server, exchange);
}

TEST_CASE("http: a request that the server itself ends, and still answers in full, is completed", "[http]") {
  auto [base, end_base] = weir::with_cancel({});
  observed server({.base = base});
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  SECTION("by a shutdown of the connection") { exchange.cancel(cancel_reason::shutdown); }
  SECTION("by a shutdown of all") { end_base(cancel_reason::shutdown); }
  SECTION("by the application") { exchange.cancel(cancel_reason::application); }
  SECTION("by overload") { exchange.cancel(cancel_reason::overload); }
  exchange.handler_returned();
  exchange.response_started(200);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::completed);
  require_told_once(server, exchange);
}

TEST_CASE("http: a handler that took too long is timed out by what is answered in its place", "[http][deadline]") {
  const auto over = std::chrono::steady_clock::now() - 3s;
  auto [base, cancel] = weir::with_deadline({}, over);
  observed server({.base = base});
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  exchange.handler_returned();
  CHECK(exchange.status_if_late() == 504);
  CHECK(exchange.status_if_late() == 504); // asking changes nothing
  exchange.response_started(504);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::timed_out);
  CHECK(exchange.facts().reason == cancel_reason::deadline);
  CHECK(exchange.facts().phase == request_phase::handler);
  CHECK(exchange.facts().time_to_stop >= 3s);
  require_told_once(server, exchange);
}

TEST_CASE("http: who has left, and what another has ended, is not late", "[http][deadline]") {
  observed server({.default_deadline = 1h});
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  CHECK(exchange.status_if_late() == 0);
  exchange.cancel(GENERATE(cancel_reason::client_closed, cancel_reason::shutdown));
  CHECK(exchange.status_if_late() == 0);
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::cancelled);
  require_told_once(server, exchange);
}

TEST_CASE("http: the first cancel is the one that counts", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  CHECK(exchange.cancel(cancel_reason::shutdown));
  CHECK_FALSE(exchange.cancel(cancel_reason::client_closed));
  exchange.finish();
  CHECK(exchange.facts().reason == cancel_reason::shutdown);
  require_told_once(server, exchange);
}

TEST_CASE("http: a handler that throws because its client left is cancelled, not failed", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  exchange.cancel(cancel_reason::client_closed);
  exchange.handler_threw("operation canceled");
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::cancelled);
  require_told_once(server, exchange);
}

TEST_CASE("http: a handler that ran out of time is timed out, with the answer given in its place", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  const auto over = std::chrono::steady_clock::now();
  exchange.handler_returned();
  exchange.timed_out(cancel_reason::timeout, over - 2s);
  exchange.response_started(503);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::timed_out);
  CHECK(exchange.facts().phase == request_phase::handler);
  CHECK(exchange.facts().time_to_stop >= 2s);
  const std::string line = require_told_once(server, exchange);
  CHECK(json_member(line, "http.response.status_code") == "503");
  // It went on for longer than observer_options::ignored_after.
  CHECK(server.sum("weir_cancel_ignored_total", {{"http_route", "/download/{file}"}}) == 1);
}

TEST_CASE("http: what a handler throws when its time is over does not make it failed", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::write);
  exchange.timed_out();
  exchange.handler_threw("too late");
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::timed_out);
  CHECK(exchange.facts().reason == cancel_reason::timeout);
  require_told_once(server, exchange);
}

TEST_CASE("http: a request that is turned away is refused, and not a cancelled one", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange);
  exchange.refused(cancel_reason::overload);
  exchange.response_started(503);
  exchange.response_completed();
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::refused);
  const std::string line = require_told_once(server, exchange);
  CHECK(json_member(line, "error.type") == "overload");
  CHECK(server.finished({{"error_type", "overload"}}) == 1);
}

TEST_CASE("http: what is no valid request is a protocol error", "[http]") {
  observed server;
  weir::exchange exchange(server.observer);
  begin(exchange);
  exchange.protocol_error("bad chunk");
  exchange.cancel(cancel_reason::client_closed);
  exchange.response_started(400);
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::protocol_error);
  const std::string line = require_told_once(server, exchange);
  CHECK(json_member(line, "error.message") == "bad chunk");
  CHECK(json_member(line, "level") == "warn");
}

TEST_CASE("http: ending the observer's base ends every request, for its reason", "[http]") {
  auto [base, cancel] = weir::with_cancel({});
  observed server({.base = base});
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  cancel(cancel_reason::shutdown);
  CHECK(exchange.ctx().done());
  CHECK_FALSE(exchange.cancel(cancel_reason::client_closed));
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::cancelled);
  CHECK(exchange.facts().reason == cancel_reason::shutdown);
  CHECK(exchange.facts().time_to_stop < 0ns); // nobody was there to look at a clock
  require_told_once(server, exchange);
}

TEST_CASE("http: a deadline of the base makes the request timed out, with the time it went on", "[http]") {
  auto [base, cancel] = weir::with_deadline({}, std::chrono::steady_clock::now() - 3s);
  observed server({.base = base});
  weir::exchange exchange(server.observer);
  begin(exchange, request_phase::handler);
  exchange.finish();
  CHECK(exchange.facts().outcome == request_outcome::timed_out);
  CHECK(exchange.facts().reason == cancel_reason::deadline);
  CHECK(exchange.facts().time_to_stop >= 3s);
  require_told_once(server, exchange);
}
