// What becomes of exceptions: a handler's, and those of what handlers leave behind on the executor.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "weir/asio.hpp"
#include "weir/beast/middleware.hpp"
#include "weir/context/task_failure.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <catch2/catch.hpp>

#include <future>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace weir_test;
namespace asio = boost::asio;

namespace {

void add_hello(weir::http_server& server) {
  server.get("/hello", [](http_request&, http_response& response) -> task {
    response.body("hello\n");
    co_return;
  });
}

asio::awaitable<void> wait_for_ever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

/// Two ways to end with the request's context.
task wait_under(http_request& in) { return weir::under(in.ctx(), wait_for_ever()); }

task wait_linked(http_request& in) {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  const weir::slot_link<asio::any_io_executor> link(in.ctx(), timer.get_executor());
  auto token = asio::bind_cancellation_slot(link.slot(), asio::use_awaitable);
  co_await timer.async_wait(std::move(token));
}

} // namespace

TEST_CASE("exceptions: a handler that throws costs a 500 and not the connection", "[beast][exceptions]") {
  running_server server([](weir::http_server& on) {
    add_hello(on);
    on.get("/throw", [](http_request&, http_response& response) -> task {
      response.header("ETag", "\"half-done\"").body("nearly");
      throw std::runtime_error("no such table");
      co_return;
    });
    on.get("/throw-int", [](http_request&, http_response&) -> task {
      throw 7;
      co_return;
    });
  });
  raw_client client(server.port());
  const raw_response failed =
      client.ask(get_request("/throw", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"));
  CHECK(failed.status == 500);
  CHECK(failed.body == "500 internal error\n");
  CHECK(failed.header("ETag") == "(absent)");
  CHECK(client.get("/throw-int").status == 500);
  CHECK(client.get("/hello").body == "hello\n");

  const auto errors = server.by.lines_of("server");
  REQUIRE(errors.size() == 2);
  CHECK(json_member(errors[0], "message") == "handler threw: no such table");
  CHECK(json_member(errors[0], "trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(json_member(errors[0], "http.route") == "/throw");
  const auto access = server.by.access_lines();
  CHECK(json_member(access.at(0), "outcome") == "failed");
  CHECK(json_member(access.at(0), "error.message") == "no such table");
  CHECK(server.by.finished({{"http_response_status_code", "500"}, {"error_type", "exception"}}) == 2);
}

namespace {

/// A client that asks for /wait and goes when its handler has begun; then the server stops.
void leave_while_it_waits(running_server& server, std::promise<void>& begun) {
  raw_client client(server.port());
  client.send(get_request("/wait"));
  begun.get_future().wait();
  client.shutdown_send();
  CHECK(client.at_end());
  server.stop(1h);
}

} // namespace

// Every client that went made an error, in the log and in its record, where a handler heeded its context.
TEST_CASE("exceptions: a handler that its context's end has ended is no error", "[beast][exceptions][concurrent]") {
  const auto wait = GENERATE(&wait_under, &wait_linked);
  std::promise<void> begun;
  running_server server([&](weir::http_server& on) {
    on.get("/wait", [&](http_request& in, http_response&) -> task {
      begun.set_value();
      return wait(in);
    });
  });
  leave_while_it_waits(server, begun);
  CHECK(server.by.lines_of("server").empty());
  const auto access = server.by.access_lines();
  REQUIRE(access.size() == 1);
  CHECK(json_member(access[0], "outcome") == "cancelled");
  CHECK(json_member(access[0], "error.type") == "client_closed");
  CHECK(json_member(access[0], "error.message") == "(absent)");
  CHECK(json_member(access[0], "http.response.status_code") == "(absent)");
}

TEST_CASE("exceptions: a handler that breaks when its client has gone is one", "[beast][exceptions][concurrent]") {
  std::promise<void> begun;
  running_server server([&](weir::http_server& on) {
    on.get("/wait", [&](http_request& in, http_response&) -> task {
      begun.set_value();
      co_await weir::until_done(in.ctx());
      throw std::runtime_error("no such table");
    });
  });
  leave_while_it_waits(server, begun);
  const auto errors = server.by.lines_of("server");
  REQUIRE(errors.size() == 1);
  CHECK(json_member(errors[0], "message") == "handler threw: no such table");
  CHECK(json_member(server.by.access_lines().at(0), "outcome") == "cancelled");
}

// What plain Asio throws is Boost's, and passed for the handler's own failure.
TEST_CASE("exceptions: a handler that its time limit has ended has not failed", "[beast][exceptions][concurrent]") {
  const auto wait = GENERATE(&wait_under, &wait_linked);
  const bool is_callers = GENERATE(false, true);
  const auto failed_before = weir::task_failures();
  running_server server([&](weir::http_server& on) {
    const auto handler = [&](http_request& in, http_response&) { return wait(in); };
    on.get("/callers", handler);
    on.get("/own", weir::behind({weir::time_limit(20ms)}, handler));
  });
  raw_client client(server.port());
  if (is_callers)
    CHECK(client.ask(get_request("/callers", "X-Request-Timeout-Ms: 20\r\n")).status == 504);
  else
    CHECK(client.get("/own").status == 503);
  server.stop(1h);
  CHECK(weir::task_failures() == failed_before);
  CHECK(server.by.lines_of("server").empty());
  CHECK(json_member(server.by.access_lines().at(0), "outcome") == "timed_out");
}

TEST_CASE("exceptions: what is thrown by something that a handler posted is logged, and every thread serves on",
          "[beast][exceptions][concurrent]") {
  weir::server_options options = quick();
  options.threads = 3;
  running_server server(
      [](weir::http_server& on) {
        add_hello(on);
        on.get("/post/{what}", [](http_request& in, http_response& out) -> task {
          const bool is_exception = in.param("what") == "exception";
          boost::asio::post(co_await boost::asio::this_coro::executor, [is_exception] {
            if (is_exception) throw std::runtime_error("nobody catches this");
            throw 7;
          });
          out.body("posted\n");
        });
      },
      options);
  std::vector<raw_client> clients; // one after the other, each has its own thread of the server
  for (unsigned i = 0; i < options.threads; ++i) clients.emplace_back(server.port());
  for (const char* target : {"/post/exception", "/post/int", "/hello"})
    for (raw_client& client : clients) CHECK(client.get(target).status == 200);
  server.stop(1h);
  std::size_t exceptions = 0, unknown = 0;
  for (const std::string& line : server.by.lines_of("server")) {
    CHECK(json_member(line, "level") == "error");
    const std::string message = json_member(line, "message");
    exceptions += message == "thrown into a thread of the server: nobody catches this";
    unknown += message == "thrown into a thread of the server: unknown exception";
  }
  CHECK(exceptions == options.threads);
  CHECK(unknown == options.threads);
}
