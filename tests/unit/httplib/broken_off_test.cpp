// What becomes of a cpp-httplib server's requests whose clients go, or whose answers are not given to their end.
#include "httplib_fixture.hpp"
#include "weir/context.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <string>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;
using weir_test::json_member;
using weir_test::raw_client;

namespace {

using fixture = weir_test::httplib_fixture;
using request = httplib::Request;
using response = httplib::Response;

} // namespace

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

// As httplib does from 0.40 on, for what is left of the request's body.
TEST_CASE("httplib: what fails behind a whole answer is not the request's", "[httplib]") {
  weir_test::observed by;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  {
    weir::exchange observed(by.observer);
    observed.begin({.method = "POST", .target = "/"});
    const weir::detail::httplib_connection connection{ends[0], 1s, 1s, weir::half_close_policy::cancel, {}, {}};
    weir::detail::socket_stream stream(connection, observed);
    const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    CHECK(stream.write(answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()));
    ::close(ends[1]);
    char byte;
    CHECK(stream.read(&byte, 1) <= 0);
    CHECK_FALSE(stream.has_failed());
    observed.response_completed();
    observed.finish();
  }
  ::close(ends[0]);
  CHECK(json_member(by.access_lines().at(0), "outcome") == "completed");
}
