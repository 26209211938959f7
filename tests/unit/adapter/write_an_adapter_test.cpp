// What lib/docs/write_an_adapter.md says of its adapter.
#include "tiny_adapter.hpp"

#include "beast/raw_client.hpp"
#include "http/observed.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <future>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using weir_test::json_member;
using weir_test::raw_client;
using weir_test::raw_listener;
using weir_test::raw_socket;

namespace {

/// One connection to a server with a few routes.
struct tiny_fixture {
  explicit tiny_fixture(weir::observer_options options = {})
      : observed(std::move(options)), client(listener.port()), accepted(listener.accept()) {
    thread = std::thread([this] { tiny::serve(accepted.get(), routes, observe(observed.observer, watcher)); });
  }
  ~tiny_fixture() { end(); }
  void end() {
    client.close();
    if (thread.joinable()) thread.join();
  }
  void ask(const std::string& target, const std::string& fields = "") const {
    client.send("GET " + target + " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n");
  }
  std::string line() {
    end();
    const auto lines = observed.access_lines();
    REQUIRE(lines.size() == 1);
    CHECK(observed.active() == 0);
    return lines[0];
  }

  weir_test::observed observed;
  weir::client_watcher watcher{{.arm_after = 1ms}};
  std::promise<weir::context> waits;
  tiny::routes routes{{"/hello", [](const tiny::request&, tiny::response& to) { to.body = "hello"; }},
                      {"/throw", [](const tiny::request&, tiny::response&) { throw std::runtime_error("no"); }},
                      {"/wait",
                       [this](const tiny::request&, tiny::response&) {
                         waits.set_value(weir::current_context());
                         weir::current_context().wait_for(10s);
                       }},
                      {"/deaf",
                       [this](const tiny::request&, tiny::response& to) {
                         waits.set_value(weir::current_context());
                         weir::current_context().wait_for(10s);
                         to.body = "as if nothing had been";
                       }},
                      {"/stopped", [](const tiny::request&, tiny::response&) {
                         weir::current_context().wait_for(10s);
                         throw std::runtime_error("stopped");
                       }}};
  raw_listener listener;
  raw_client client;
  raw_socket accepted;
  std::thread thread;
};

} // namespace

TEST_CASE("adapter page: a request is told with the caller's trace", "[adapter][concurrent]") {
  tiny_fixture tiny;
  tiny.ask("/hello/you?key=1", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n");
  CHECK(tiny.client.read().body == "hello");
  const std::string line = tiny.line();
  CHECK(json_member(line, "http.route") == "/hello");
  CHECK(json_member(line, "url.path") == "/hello/you");
  CHECK(json_member(line, "http.response.body.size") == "5");
  CHECK(json_member(line, "outcome") == "completed");
  CHECK(json_member(line, "trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_CASE("adapter page: a handler that throws fails its request", "[adapter][concurrent]") {
  tiny_fixture tiny;
  tiny.ask("/throw");
  CHECK(tiny.client.read().status == 500);
  const std::string line = tiny.line();
  CHECK(json_member(line, "outcome") == "failed");
  CHECK(json_member(line, "error.message") == "no");
}

TEST_CASE("adapter page: a caller whose time is over is turned away", "[adapter][concurrent]") {
  tiny_fixture tiny;
  tiny.ask("/throw", "X-Request-Timeout-Ms: 0\r\n");
  CHECK(tiny.client.read().status == 504);
  const std::string line = tiny.line();
  CHECK(json_member(line, "outcome") == "refused");
  CHECK(json_member(line, "error.type") == "deadline");
}

TEST_CASE("adapter page: a handler that is too late is answered for: 504 by the caller's time, else 503",
          "[adapter][concurrent]") {
  const auto [ours, field, status, reason] =
      GENERATE(table<std::chrono::milliseconds, std::string, unsigned, std::string>(
          {{0ms, "X-Request-Timeout-Ms: 20\r\n", 504, "deadline"}, {20ms, "", 503, "timeout"}}));
  const std::string target = GENERATE("/wait", "/deaf", "/stopped");
  tiny_fixture tiny({.default_deadline = ours});
  tiny.ask(target, field);
  const auto answer = tiny.client.read();
  CHECK(answer.status == status);
  CHECK(answer.body.empty());
  const std::string line = tiny.line();
  CHECK(json_member(line, "outcome") == "timed_out");
  CHECK(json_member(line, "error.type") == reason);
  CHECK(json_member(line, "cancel.phase") == "handler");
  CHECK(json_member(line, "cancel.to_stop_s") != "(absent)");
}

TEST_CASE("adapter page: a client that goes is gone, though the kernel takes its whole answer",
          "[adapter][concurrent]") {
  tiny_fixture tiny;
  tiny.ask("/deaf");
  const weir::context ctx = tiny.waits.get_future().get();
  tiny.client.shutdown_send(); // as close() looks from the server, but for what a write then gets
  CHECK(ctx.wait_for(10s));
  CHECK(tiny.client.read().status == 200);
  const std::string line = tiny.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == "client_closed");
  CHECK(json_member(line, "cancel.phase") == "handler");
  CHECK(json_member(line, "http.response.status_code") == "200");
}

TEST_CASE("adapter page: a client that goes ends its request", "[adapter][concurrent]") {
  tiny_fixture tiny;
  tiny.ask("/wait");
  const weir::context ctx = tiny.waits.get_future().get();
  tiny.client.reset();
  CHECK(ctx.wait_for(10s));
  const std::string line = tiny.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == "client_reset");
  CHECK(json_member(line, "cancel.phase") == "handler");
}

TEST_CASE("adapter page: the adapter has fewer than a hundred lines", "[adapter]") {
  std::ifstream file(WEIR_TINY_ADAPTER);
  REQUIRE(file);
  CHECK(std::count(std::istreambuf_iterator<char>(file), {}, '\n') < 100);
}
