// A cpp-httplib server, driven by plain sockets: every way out is counted once, as what it was.
#include "weir/httplib/server.hpp"

#include "httplib_fixture.hpp"
#include "weir/context.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;
using weir_test::json_member;
using weir_test::raw_client;

namespace {

using fixture = weir_test::httplib_fixture;
using request = httplib::Request;
using response = httplib::Response;

} // namespace

TEST_CASE("httplib: a request is told with its route, sizes and the caller's trace", "[httplib][concurrent]") {
  fixture http;
  http.server.Post({R"(/users/(\d+))", "/users/{id}"}, [](const request& asked, response& answer) {
    answer.set_content("user " + asked.matches[1].str() + asked.body, "text/plain");
  });
  raw_client client = http.start();
  const auto answer =
      client.ask("POST /users/17?key=1 HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nConnection: close\r\n"
                 "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n1234");
  CHECK(answer.body == "user 171234");
  const std::string line = http.line();
  CHECK(json_member(line, "http.route") == "/users/{id}");
  CHECK(json_member(line, "url.path") == "/users/17");
  CHECK(json_member(line, "http.request.body.size") == "4");
  CHECK(json_member(line, "http.response.body.size") == "11");
  CHECK(json_member(line, "http.response.status_code") == "200");
  CHECK(json_member(line, "outcome") == "completed");
  CHECK(json_member(line, "client.address") == "127.0.0.1");
  CHECK(json_member(line, "trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_CASE("httplib: a route without a name is called by its pattern; none, by nothing", "[httplib][concurrent]") {
  fixture http;
  raw_client client = http.start();
  CHECK(client.get("/hello").status == 200);
  CHECK(client.get("/missing").status == 404); // on the same connection
  client.close();
  http.stop();
  CHECK(http.observed.finished({{"http_route", "/hello"}, {"http_response_status_code", "200"}}) == 1);
  CHECK(http.observed.finished({{"http_route", ""}, {"http_response_status_code", "404"}}) == 1);
}

TEST_CASE("httplib: handlers, hooks and providers work under their request", "[httplib][concurrent]") {
  fixture http;
  auto& log = http.observed.stream.get_logger("app");
  http.server.set_pre_routing_handler([&](const request&, response&) {
    WEIR_INFO(log, "pre-routing");
    return httplib::Server::HandlerResponse::Unhandled;
  });
  http.server.Get("/stream", [&](const request&, response& answer) {
    weir::httplib_server::current_exchange()->set_route("/renamed");
    WEIR_INFO(log, "handler");
    answer.set_chunked_content_provider("text/plain", [&](std::size_t, httplib::DataSink& sink) {
      WEIR_INFO(log, "provider");
      sink.write("12345", 5);
      sink.done();
      return true;
    });
  });
  http.server.set_logger([&](const request&, const response&) { WEIR_INFO(log, "logger"); });
  raw_client client = http.start();
  client.send("GET /stream HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  CHECK(client.at_end());
  const std::string line = http.line();
  CHECK(json_member(line, "http.response.body.size") == "5");
  CHECK(json_member(line, "http.route") == "/renamed");
  const auto said = http.observed.lines_of("app");
  REQUIRE(said.size() == 4);
  for (const std::string& each : said) CHECK(json_member(each, "trace_id") == json_member(line, "trace_id"));
  CHECK(weir::httplib_server::current_exchange() == nullptr);
}

TEST_CASE("httplib: a handler that throws fails its request", "[httplib][concurrent]") {
  fixture http;
  http.server.Get("/throw", [](const request&, response&) { throw std::runtime_error("no such luck"); });
  SECTION("which httplib answers with 500") {
    CHECK(http.start().get("/throw").status == 500);
    const std::string line = http.line();
    CHECK(json_member(line, "outcome") == "failed");
    CHECK(json_member(line, "error.message") == "no such luck");
  }
  SECTION("unless an exception handler makes another answer of it") {
    http.server.set_exception_handler(
        [](const request&, response& answer, std::exception_ptr) { answer.status = 404; });
    CHECK(http.start().get("/throw").status == 404);
    CHECK(json_member(http.line(), "outcome") == "completed");
  }
}

TEST_CASE("httplib: a caller's deadline ends its request's context, or turns it away", "[httplib][concurrent]") {
  fixture http;
  bool was_called = false;
  http.server.Get("/wait", [&](const request&, response& answer) {
    was_called = true;
    CHECK(weir::current_context().wait_for(10s));
    CHECK(weir::current_context().reason() == weir::cancel_reason::deadline);
    answer.status = 504;
  });
  raw_client client = http.start();
  const bool is_expired = GENERATE(false, true);
  const auto answer = client.ask("GET /wait HTTP/1.1\r\nX-Request-ID: mine-1\r\nX-Request-Timeout-Ms: " +
                                 std::string(is_expired ? "0" : "20") + "\r\n\r\n");
  CHECK(answer.status == 504);
  CHECK(answer.header("X-Request-ID") == "mine-1");
  const std::string line = http.line();
  CHECK(was_called == !is_expired);
  CHECK(json_member(line, "outcome") == (is_expired ? "refused" : "timed_out"));
  CHECK(json_member(line, "error.type") == "deadline");
  CHECK(json_member(line, "http.request.id") == "mine-1");
}

TEST_CASE("httplib: the server's own time makes a request timed out, too, whatever its handler then does",
          "[httplib][concurrent]") {
  fixture http({.arm_after = 1ms}, {.default_deadline = 20ms});
  http.server.Get("/deaf", [](const request&, response& answer) {
    CHECK(weir::current_context().wait_for(10s));
    CHECK(weir::current_context().reason() == weir::cancel_reason::timeout);
    answer.set_content("late", "text/plain");
  });
  http.server.Get("/throw", [](const request&, response&) {
    weir::current_context().wait_for(10s);
    throw std::runtime_error("stopped");
  });
  const auto [target, status] = GENERATE(table<std::string, unsigned>({{"/deaf", 200}, {"/throw", 500}}));
  raw_client client = http.start();
  CHECK(client.get(target).status == status);
  client.close();
  const std::string line = http.line();
  CHECK(json_member(line, "outcome") == "timed_out");
  CHECK(json_member(line, "error.type") == "timeout");
  CHECK(json_member(line, "cancel.phase") == "handler");
  CHECK(json_member(line, "cancel.to_stop_s") != "(absent)");
}

TEST_CASE("httplib: what httplib turns away before it is a request is told, too", "[httplib][concurrent]") {
  fixture http;
  raw_client client = http.start();
  SECTION("what is none") {
    CHECK(client.ask("NONSENSE\r\n\r\n").status == 400);
    const std::string line = http.line();
    CHECK(json_member(line, "outcome") == "protocol_error");
    CHECK(json_member(line, "http.request.method") == "NONSENSE");
    CHECK(json_member(line, "client.address") == "127.0.0.1");
  }
  SECTION("a target that is too long") {
    CHECK(client.ask("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n").status == 414);
    CHECK(json_member(http.line(), "outcome") == "protocol_error");
  }
  SECTION("a range that is none, of what may well be there") {
    CHECK(client.ask("GET /hello HTTP/1.1\r\nRange: bytes=x\r\n\r\n").status == 416);
    const std::string line = http.line();
    CHECK(json_member(line, "outcome") == "completed");
    CHECK(json_member(line, "url.path") == "/hello");
  }
  SECTION("a connection without a request is none") {
    client.close();
    http.stop();
    CHECK(http.observed.finished() == 0);
  }
}

TEST_CASE("httplib: the observer's base ends what its handlers wait for", "[httplib][concurrent]") {
  auto [base, cancel] = weir::with_cancel(weir::background());
  weir_test::observed observed({.base = base});
  weir::httplib_server server(observed.observer);
  std::promise<void> started;
  server.Get("/wait", [&](const request&, response& answer) {
    started.set_value();
    weir::current_context().wait_for(10s);
    answer.set_content("stopped", "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&] { server.listen_after_bind(); });
  raw_client client(static_cast<std::uint16_t>(port));
  client.send("GET /wait HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  started.get_future().get();
  cancel(weir::cancel_cause{.reason = weir::cancel_reason::shutdown});
  CHECK(client.read().body == "stopped");
  server.stop();
  thread.join();
  CHECK(observed.finished() == 1);
}

// It used to be what the name service calls a Unix socket: localhost.
TEST_CASE("httplib: on a Unix socket a request has no address, as without weir", "[httplib][concurrent]") {
  const auto ask = [](httplib::Server& server) {
    const std::string path = "/tmp/weir_httplib_" + std::to_string(::getpid()) + ".socket";
    ::unlink(path.c_str());
    std::string seen;
    server.Get("/", [&](const request& asked, response&) {
      seen = asked.remote_addr + ' ' + std::to_string(asked.remote_port) + ' ' + asked.local_addr;
    });
    server.set_address_family(AF_UNIX);
    std::thread thread([&] { server.listen(path, 80); });
    while (!server.is_running()) std::this_thread::yield();
    httplib::Client client(path);
    client.set_address_family(AF_UNIX);
    const bool answered = static_cast<bool>(client.Get("/"));
    server.stop();
    thread.join();
    ::unlink(path.c_str());
    CHECK(answered);
    return seen;
  };
  httplib::Server stock;
  weir_test::observed observed;
  weir::httplib_server server(observed.observer);
  CHECK(ask(server) == ask(stock));
  CHECK(json_member(observed.access_lines().at(0), "client.address").empty());
}
