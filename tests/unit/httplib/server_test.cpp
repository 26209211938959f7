// A cpp-httplib server, driven by plain sockets: every way out is counted once, as what it was.
#include "weir/httplib/server.hpp"

#include "beast/raw_client.hpp"
#include "http/observed.hpp"
#include "weir/context.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;
using weir_test::json_member;
using weir_test::raw_client;

namespace {

using request = httplib::Request;
using response = httplib::Response;

/// A server on a free port. Routes are added before start(); stop() returns when all requests are counted.
class fixture {
 public:
  explicit fixture(weir::client_watch_options options = {.arm_after = 1ms}, weir::observer_options observing = {})
      : observed(std::move(observing)), server(observed.observer, options) {
    server.new_task_queue = [] { return new httplib::ThreadPool(4); };
    server.set_keep_alive_timeout(1);
    server.Get("/hello", [](const request&, response& answer) { answer.set_content("hello", "text/plain"); });
  }
  ~fixture() { stop(); }
  raw_client start() {
    const int port = server.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server.listen_after_bind(); });
    port_ = static_cast<std::uint16_t>(port);
    return connect();
  }
  raw_client connect() const { return raw_client(port_); }
  void stop_serving() {
    if (std::exchange(is_stopped_, true)) return;
    while (!server.is_running()) std::this_thread::yield(); // stop() does nothing before
    server.stop();
  }
  void stop() {
    if (!thread_.joinable()) return;
    stop_serving();
    thread_.join();
  }
  /// The one access line, when all is over.
  std::string line() {
    stop();
    const auto lines = observed.access_lines();
    REQUIRE(lines.size() == 1);
    CHECK(observed.active() == 0);
    CHECK(observed.finished() == 1);
    return lines[0];
  }

  weir_test::observed observed;
  weir::httplib_server server;

 private:
  std::thread thread_;
  std::uint16_t port_ = 0;
  bool is_stopped_ = false;
};

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

TEST_CASE("httplib: a client that goes ends its request's context while the handler runs", "[httplib][concurrent]") {
  fixture http;
  std::promise<weir::context> started;
  http.server.Get("/wait", [&](const request&, response& answer) {
    const weir::context ctx = weir::current_context();
    started.set_value(ctx);
    ctx.wait_for(10s);
    answer.set_content("too late", "text/plain");
  });
  raw_client client = http.start();
  client.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n");
  const weir::context ctx = started.get_future().get();
  client.close();
  CHECK(ctx.wait_for(10s));
  const std::string line = http.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == "client_closed");
  CHECK(json_member(line, "cancel.phase") == "handler");
  CHECK(json_member(line, "http.response.status_code") == "(absent)");
  CHECK(json_member(line, "cancel.to_stop_s") != "(absent)");
}

TEST_CASE("httplib: a response that is cut is counted with what was sent of it", "[httplib][concurrent]") {
  fixture http;
  const auto provide = [](std::size_t, httplib::DataSink& sink) {
    static const std::string part(10'000, 'x');
    return sink.write(part.data(), part.size());
  };
  http.server.Get("/endless",
                  [&](const request&, response& answer) { answer.set_content_provider("text/plain", provide); });
  http.server.Get("/chunks", [&](const request&, response& answer) {
    answer.set_chunked_content_provider("text/plain", provide);
  });
  http.server.Get("/sized", [&](const request&, response& answer) {
    answer.set_content_provider(1'000'000'000, "text/plain",
                                [&](std::size_t, std::size_t, httplib::DataSink& sink) { return provide(0, sink); });
  });
  raw_client client = http.start();
  client.send(
      GENERATE("GET /endless HTTP/1.1\r\n\r\n", "GET /chunks HTTP/1.1\r\n\r\n", "GET /sized HTTP/1.1\r\n\r\n"));
  client.take(100'000);
  std::string reason;
  SECTION("by its client") {
    client.reset();
    reason = "client_reset";
    while (http.observed.finished() == 0) std::this_thread::yield();
  }
  SECTION("by httplib, when the server is stopped") {
    http.stop_serving();
    CHECK(client.at_end());
    reason = "shutdown";
  }
  const std::string line = http.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == reason);
  CHECK(json_member(line, "cancel.phase") == "write");
  CHECK(json_member(line, "http.response.status_code") == "200");
  CHECK(std::stoul(json_member(line, "http.response.body.size")) >= 90'000);
  CHECK(http.observed.sum("weir_response_bytes_wasted_total") >= 90'000);
}

TEST_CASE("httplib: a client that goes within its own body never reaches the handler", "[httplib][concurrent]") {
  fixture http;
  http.server.Post("/upload", [](const request&, response&) { FAIL("called"); });
  raw_client client = http.start();
  client.send("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nonly this");
  client.shutdown_send();
  CHECK(client.at_end());
  const std::string line = http.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == "client_closed");
  CHECK(json_member(line, "cancel.phase") == "read");
  CHECK(json_member(line, "http.request.body.size") == "9");
}

TEST_CASE("httplib: a half-closed client gets its answer where that is the policy", "[httplib][concurrent]") {
  fixture http({.half_close = weir::half_close_policy::ignore, .arm_after = 1ms});
  raw_client client = http.start();
  client.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
  client.shutdown_send();
  CHECK(client.read().body == "hello");
  CHECK(json_member(http.line(), "outcome") == "completed");
}

TEST_CASE("httplib: a provider that gives up fails its request", "[httplib][concurrent]") {
  fixture http;
  http.server.Get("/half", [](const request&, response& answer) {
    answer.set_content_provider(100, "text/plain", [](std::size_t offset, std::size_t, httplib::DataSink& sink) {
      return offset == 0 && sink.write("half", 4);
    });
  });
  raw_client client = http.start();
  client.send("GET /half HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(client.at_end());
  const std::string line = http.line();
  CHECK(json_member(line, "outcome") == "failed");
  CHECK(json_member(line, "http.response.body.size") == "4");
}

// As httplib itself does from 0.12 on, before each part.
TEST_CASE("httplib: a provider that asks whether it can write learns that nobody reads, and so does the record",
          "[httplib][concurrent]") {
  fixture http({.arm_after = 1s}); // the longest: it is not the watch that learns it
  http.server.set_write_timeout(0, 50'000);
  std::promise<void> written;
  http.server.Get("/gone", [&](const request&, response& answer) {
    answer.set_content_provider("text/plain", [&](std::size_t, httplib::DataSink& sink) {
      sink.write("part", 4);
      written.set_value();
      while (sink.is_writable()) std::this_thread::yield();
      return false;
    });
  });
  http.server.Get("/stalled", [](const request&, response& answer) {
    answer.set_content_provider("text/plain", [](std::size_t, httplib::DataSink& sink) {
      static const std::string part(100'000, 'x');
      while (sink.is_writable() && sink.write(part.data(), part.size())) {
      }
      return false;
    });
  });
  raw_client client = http.start();
  std::string outcome, reason;
  SECTION("as the client has gone") {
    client.send("GET /gone HTTP/1.1\r\nHost: test\r\n\r\n");
    written.get_future().wait();
    client.shutdown_send();
    outcome = "cancelled";
    reason = "client_closed";
  }
  SECTION("as the client has broken off") { // it used to be client_closed, as the kernel tells of a reset once
    client.send("GET /gone HTTP/1.1\r\nHost: test\r\n\r\n");
    written.get_future().wait();
    client.reset();
    outcome = "cancelled";
    reason = "client_reset";
  }
  SECTION("as the client takes nothing") {
    client.send("GET /stalled HTTP/1.1\r\nHost: test\r\n\r\n");
    outcome = "timed_out";
    reason = "timeout";
  }
  while (http.observed.finished() == 0) std::this_thread::yield();
  const std::string line = http.line();
  CHECK(json_member(line, "outcome") == outcome);
  CHECK(json_member(line, "error.type") == reason);
  CHECK(json_member(line, "cancel.phase") == "write");
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
