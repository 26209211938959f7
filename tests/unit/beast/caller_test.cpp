// What a request's headers say of its caller, from the socket to the handler and back: ids, baggage, deadlines.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "weir/http.hpp"

#include "weir/asio/sleep.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using weir::request_id_policy;
using weir_test::get_request;
using weir_test::json_member;
using weir_test::raw_client;
using weir_test::running_server;

namespace {

using weir_test::http_request;
using weir_test::http_response;
using weir_test::quick;
using weir_test::task;

/// The only access record.
std::string told_of(running_server& server) {
  server.stop(5s);
  const auto lines = server.by.access_lines();
  REQUIRE(lines.size() == 1);
  return lines.front();
}

/// Answers with what an outgoing request would carry.
task pass_on(http_request& in, http_response& out) {
  std::string text;
  weir::outgoing_headers(in.ctx()).for_each([&](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(name == "traceparent" ? value.substr(0, 36) : value).append("\n");
  });
  out.body(text);
  co_return;
}

} // namespace

TEST_CASE("caller: what a request brings along reaches its handler, whatever the headers' case", "[beast][caller]") {
  running_server server([](weir::http_server& on) { on.get("/", pass_on); });
  raw_client client(server.port());
  const auto answer =
      client.ask(get_request("/", "TraceParent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
                                  "tracestate: a=1\r\nTRACESTATE: b=2\r\n"
                                  "baggage: user=7\r\nBaggage: tenant=9\r\n"
                                  "x-request-id: req-1\r\n"));
  CHECK(answer.body == "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-\n"
                       "tracestate: a=1,b=2\nbaggage: user=7,tenant=9\nX-Request-ID: req-1\n");
  CHECK(answer.header("X-Request-ID") == "req-1");
  const auto by_b3 = client.ask(get_request("/", "b3: 11111111111111111111111111111111-1111111111111111-0\r\n"));
  CHECK(by_b3.body == "traceparent: 00-11111111111111111111111111111111-\n");
  CHECK(by_b3.header("X-Request-ID") == "(absent)");
}

TEST_CASE("caller: a made request id is in the response, whoever answers, and in the record", "[beast][caller]") {
  running_server server(
      [](weir::http_server& on) {
        on.get("/throw", [](http_request&, http_response&) -> task {
          throw std::runtime_error("broken");
          co_return;
        });
        on.get("/parts", [](http_request&, http_response& out) -> task {
          if (!co_await out.start(3)) co_await out.write(boost::asio::buffer("abc", 3));
        });
        on.get("/own", [](http_request&, http_response& out) -> task {
          out.header("X-Request-ID", "mine").body("");
          co_return;
        });
      },
      quick(), true, {.request_ids = request_id_policy::always});
  raw_client client(server.port());
  std::vector<std::string> ids;
  for (const char* target : {"/throw", "/parts", "/nowhere"})
    ids.push_back(client.get(target).header("X-Request-ID"));
  CHECK(client.get("/own").header("X-Request-ID") == "mine");
  ids.push_back(client.ask("GET / HTTP/1.1\r\n\r\n").header("X-Request-ID")); // no Host
  server.stop(5s);
  const auto lines = server.by.access_lines();
  REQUIRE(lines.size() == 5);
  CHECK(json_member(lines[0], "http.request.id") == ids[0]);
  CHECK(json_member(lines[1], "http.request.id") == ids[1]);
  CHECK(json_member(lines[2], "http.request.id") == ids[2]);
  CHECK(json_member(lines[4], "http.request.id") == ids[3]);
  for (const std::string& id : ids) CHECK(id.size() == 36);
}

TEST_CASE("caller: a request whose caller has given up does not reach its handler", "[beast][caller]") {
  std::atomic<int> handled{0};
  running_server server([&](weir::http_server& on) {
    const auto count = [&](http_request&, http_response& out) -> task {
      ++handled;
      out.body("done\n");
      co_return;
    };
    on.get("/", count);
    on.post("/", count);
  });
  raw_client client(server.port());
  SECTION("on a connection that goes on") {
    CHECK(client.ask(get_request("/", "X-Request-Timeout-Ms: 0\r\n")).status == 504);
    CHECK(client.get("/").body == "done\n");
    CHECK(handled == 1);
  }
  SECTION("without waiting for its body") {
    const auto answer = client.ask("POST / HTTP/1.1\r\nHost: test\r\ngrpc-timeout: 0n\r\nContent-Length: 5\r\n\r\n");
    CHECK(answer.status == 504);
    CHECK(answer.header("Connection") == "(absent)");
    client.send("GET /");
    CHECK(client.get("/").body == "done\n");
    CHECK(handled == 1);
  }
  server.stop(5s);
  const std::string line = server.by.access_lines().at(0);
  CHECK(json_member(line, "outcome") == "refused");
  CHECK(json_member(line, "error.type") == "deadline");
  CHECK(json_member(line, "http.response.status_code") == "504");
  CHECK(server.by.sum("weir_deadline_expired_on_arrival_total") == 1);
  CHECK(server.by.cancelled() == 0);
  CHECK(server.by.active() == 0);
}

TEST_CASE("caller: a handler is told when its caller gives up, who gets 504 all the same", "[beast][caller]") {
  const auto nap = [](http_request& in, http_response& out) -> task {
    if (!co_await weir::sleep_for(in.ctx(), 1h)) out.body("awake\n");
    if (in.param("how") == "throws") throw std::runtime_error("woken");
  };
  const std::string target = GENERATE("/nap/returns", "/nap/throws");
  running_server server([&](weir::http_server& on) { on.get("/nap/{how}", nap); });
  raw_client client(server.port());
  const auto answer = client.ask(get_request(target, "X-Request-Timeout-Ms: 30\r\n"));
  CHECK(answer.status == 504);
  const std::string line = told_of(server);
  CHECK(json_member(line, "outcome") == "timed_out");
  CHECK(json_member(line, "error.type") == "deadline");
  CHECK(server.by.cancelled({{"reason", "deadline"}, {"phase", "handler"}}) == 1);
}

TEST_CASE("caller: the server's own limit is answered with 503", "[beast][caller]") {
  running_server server(
      [](weir::http_server& on) {
        on.get("/", [](http_request& in, http_response& out) -> task {
          if (!co_await weir::sleep_for(in.ctx(), 1h)) out.body("awake\n");
        });
      },
      quick(), true, {.default_deadline = 30ms});
  raw_client client(server.port());
  CHECK(client.ask(get_request("/", "X-Request-Timeout-Ms: 60000\r\n")).status == 503);
  const std::string line = told_of(server);
  CHECK(json_member(line, "outcome") == "timed_out");
  CHECK(json_member(line, "error.type") == "timeout");
}
