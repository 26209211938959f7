// Time-outs of the small server: what each of them ends, what its client is told, and how it is counted.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/beast/silent_peer.hpp"
#include "weir/context.hpp"
#include "weir/context/task_failure.hpp"

#include <poll.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

using namespace weir_test;

namespace {

task say_hello(http_request& in, http_response& out) {
  out.body(std::to_string(in.body().size()) + " bytes\n");
  co_return;
}

std::string post(std::string_view target, std::string_view headers) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: test\r\n{}\r\n", target, headers);
}

/// Sends a byte every few milliseconds until the server answers, and returns that. Throws after ten seconds.
raw_response drip(raw_client& client) {
  for (int i = 0; i < 1000; ++i) {
    client.send("x");
    pollfd answer{.fd = client.raw_socket::get(), .events = POLLIN, .revents = 0};
    if (::poll(&answer, 1, 10) == 1) return client.read();
  }
  throw std::runtime_error("no answer to a client that is slow");
}

/// The one request there was: cut short for that reason, there.
void require_told(running_server& server, std::string_view reason, std::string_view phase, std::string_view status,
                  std::string_view route) {
  const auto lines = server.by.access_lines();
  REQUIRE(lines.size() == 1);
  INFO(lines[0]);
  CHECK(json_member(lines[0], "outcome") == "timed_out");
  CHECK(json_member(lines[0], "error.type") == reason);
  CHECK(json_member(lines[0], "cancel.phase") == phase);
  CHECK(json_member(lines[0], "http.response.status_code") == status);
  CHECK(json_member(lines[0], "http.route") == route);
  CHECK(server.by.cancelled({{"http_route", route}, {"reason", reason}, {"phase", phase}}) == 1);
  CHECK(server.by.cancelled() == 1);
  CHECK(server.by.finished() == 1);
  CHECK(server.by.active() == 0);
}

/// A handler that goes on until it is let go, whatever its context says, and then tries to answer.
struct stubborn {
  weir::http_handler handler() {
    return [this](http_request& in, http_response& out) -> task {
      out.header("ETag", "\"mine\"").body("what I had\n");
      const weir::context released = release.ctx;
      co_await weir::until_done(released);
      is_late = in.ctx().done();
      start = co_await out.start(3);
      write = co_await out.write(boost::asio::buffer("abc", 3));
      if (throws) throw std::runtime_error("the index is broken");
    };
  }

  weir::cancellable release = weir::with_cancel({});
  bool throws = false;
  std::atomic<bool> is_late{false};
  std::error_code start, write;
};

/// What is reported meanwhile.
class failures {
 public:
  failures() {
    weir::set_task_failure_handler([this](const weir::task_failure& failure) {
      try {
        std::rethrow_exception(failure.error);
      } catch (const std::exception& error) {
        told += std::string(failure.task) + ": " + error.what() + "\n";
      }
    });
  }
  ~failures() { weir::set_task_failure_handler({}); }
  std::string told;
};

} // namespace

TEST_CASE("time-out: who begins no request is sent away without a word, and is none", "[beast][time-out]") {
  weir::server_options options = quick();
  options.idle_timeout = 30ms;
  running_server server([](weir::http_server& on) { on.get("/hello", say_hello); }, options);
  raw_client silent(server.port()), done(server.port());
  CHECK(done.get("/hello").status == 200);
  for (raw_client* each : {&silent, &done}) CHECK_THROWS_WITH(each->read(), Catch::EndsWith("before a response: "));
  server.stop(5s);
  CHECK(server.by.finished() == 1);
}

TEST_CASE("time-out: a header has one time, however many bytes come", "[beast][time-out]") {
  weir::server_options options = quick();
  options.idle_timeout = 1h;
  options.header_timeout = 100ms;
  running_server server([](weir::http_server& on) { on.get("/hello", say_hello); }, options);
  raw_client client(server.port());
  client.send("GET /hello HTTP/1.1\r\nHost: test\r\nX-Slow: ");
  const raw_response answer = drip(client);
  CHECK(answer.status == 408);
  CHECK(answer.header("Connection") == "close");
  client.shutdown_send();
  CHECK(client.at_end());
  server.stop(5s);
  require_told(server, "timeout", "read", "408", "");
}

// Who had sent no more than whole lines was sent away like one who had sent nothing.
TEST_CASE("time-out: a header that ends with a whole line is answered, too", "[beast][time-out]") {
  weir::server_options options = quick();
  options.idle_timeout = 1h;
  options.header_timeout = 50ms;
  running_server server([](weir::http_server& on) { on.get("/hello", say_hello); }, options);
  const std::string begun = GENERATE("GET ", "GET /hello HTTP/1.1\r\n", "GET /hello HTTP/1.1\r\nHost: test\r\n");
  raw_client client(server.port());
  client.send(begun);
  CHECK(client.read().status == 408);
  client.shutdown_send();
  CHECK(client.at_end());
  server.stop(5s);
  require_told(server, "timeout", "read", "408", "");
}

TEST_CASE("time-out: requests that come too slowly are counted, and logged as rarely as errors",
          "[beast][time-out]") {
  constexpr int requests = 20;
  weir::server_options options = quick();
  options.header_timeout = 20ms;
  weir::observer_options observing;
  observing.access.most_protocol_errors = 1;
  running_server server([](weir::http_server& on) { on.get("/hello", say_hello); }, options, true, observing);
  const auto begun = std::chrono::steady_clock::now();
  std::vector<raw_client> clients;
  for (int i = 0; i < requests; ++i) clients.emplace_back(server.port());
  for (const raw_client& each : clients) each.send("GET /");
  for (raw_client& each : clients) CHECK(each.read().status == 408);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  clients.clear();
  server.stop(5s);
  CHECK(static_cast<double>(server.by.access_lines().size()) <= took.count() + 1);
  CHECK(server.by.finished({{"http_response_status_code", "408"}}) == requests);
}

TEST_CASE("time-out: a header that comes behind another request has its time, too", "[beast][time-out]") {
  weir::server_options options = quick();
  options.idle_timeout = 1h;
  options.header_timeout = 50ms;
  running_server server([](weir::http_server& on) { on.get("/hello", say_hello); }, options);
  raw_client client(server.port());
  client.send(get_request("/hello") + "GET /hel");
  CHECK(client.read().status == 200);
  CHECK(client.read().status == 408);
}

TEST_CASE("time-out: a body has a time in all, and one for each of its parts", "[beast][time-out]") {
  weir::server_options options = quick();
  options.idle_timeout = 1h;
  bool drips = false;
  SECTION("in all") {
    options.body_timeout = 100ms;
    drips = true;
  }
  SECTION("for each part") { options.progress_timeout = 50ms; }
  running_server server([](weir::http_server& on) { on.post("/take", say_hello); }, options);
  raw_client client(server.port());
  client.send(post("/take", "Content-Length: 100000\r\n") + "abc");
  const raw_response answer = drips ? drip(client) : client.read();
  CHECK(answer.status == 408);
  CHECK(answer.header("Connection") == "close");
  client.shutdown_send();
  CHECK(client.at_end());
  server.stop(5s);
  require_told(server, "timeout", "read", "408", "/take");
}

TEST_CASE("time-out: a request whose time passes while its body is read ends then", "[beast][time-out]") {
  const auto [headers, reason, status] = GENERATE(table<std::string, std::string, unsigned>(
      {{"X-Request-Timeout-Ms: 50\r\n", "deadline", 504}, {"", "timeout", 503}}));
  running_server server([](weir::http_server& on) { on.post("/take", say_hello); }, quick(), true,
                        {.default_deadline = 100ms});
  raw_client client(server.port());
  client.send(post("/take", headers + "Content-Length: 10\r\n") + "abc");
  const raw_response answer = client.read();
  CHECK(answer.status == status);
  CHECK(answer.header("Connection") == "close");
  client.shutdown_send();
  CHECK(client.at_end());
  server.stop(5s);
  require_told(server, reason, "read", std::to_string(status), "/take");
}

TEST_CASE("limits: each route has its own for bodies, or its group's, or the server's", "[beast][time-out]") {
  weir::server_options options = quick();
  options.body_limit_bytes = 1000;
  running_server server(
      [](weir::http_server& on) {
        on.post("/plain", say_hello);
        on.post("/more", say_hello, {.body_limit_bytes = 100'000});
        auto group = on.group("/group");
        group.limit({.body_limit_bytes = 10, .body_timeout = 50ms});
        group.post("/few", say_hello);
        group.group("/in").post("/more", say_hello, {.body_limit_bytes = 20});
      },
      options);
  const auto status = [&](std::string_view target, std::size_t size, bool chunked) {
    const std::string body(size, 'x');
    raw_client client(server.port());
    return client
        .ask(chunked
                 ? post(target, "Transfer-Encoding: chunked\r\n") + fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", size, body)
                 : post(target, fmt::format("Content-Length: {}\r\n", size)) + body)
        .status;
  };
  for (const bool chunked : {false, true}) {
    CHECK(status("/plain", 1000, chunked) == 200);
    CHECK(status("/plain", 1001, chunked) == 413);
    CHECK(status("/nowhere", 1001, chunked) == 404);
    CHECK(status("/more", 100'000, chunked) == 200);
    CHECK(status("/more", 100'001, chunked) == 413);
    CHECK(status("/group/few", 10, chunked) == 200);
    CHECK(status("/group/few", 11, chunked) == 413);
    CHECK(status("/group/in/more", 20, chunked) == 200);
    CHECK(status("/group/in/more", 21, chunked) == 413);
  }
  // Its group's time.
  raw_client slow(server.port());
  slow.send(post("/group/in/more", "Content-Length: 10\r\n"));
  CHECK(slow.read().status == 408);
  // An announced one is refused before it comes.
  raw_client polite(server.port());
  CHECK(polite.ask(post("/plain", "Expect: 100-continue\r\nContent-Length: 1001\r\n")).status == 413);
}

TEST_CASE("time-out: a client that takes nothing has the route's time for it", "[beast][time-out]") {
  running_server server([](weir::http_server& on) {
    on.get("/endless",
           [](http_request&, http_response& out) -> task {
             const std::string part(1 << 20, 'x');
             if (co_await out.start(1ULL << 40)) co_return;
             while (!co_await out.write(boost::asio::buffer(part))) {
             }
           },
           {.progress_timeout = 50ms});
  });
  raw_client client(server.port());
  client.send(get_request("/endless"));
  client.take(1);
  server.stop(1h); // returns when the request is over
  require_told(server, "timeout", "write", "200", "/endless");
}

TEST_CASE("time-out: a peer that has fallen silent is taken for gone", "[beast][time-out]") {
  weir::server_options options = quick();
  options.silence_limit = 200ms;
  options.progress_timeout = 1h;
  running_server server(
      [](weir::http_server& on) {
        on.get("/endless", [](http_request&, http_response& out) -> task {
          const std::string part(1 << 20, 'x');
          if (co_await out.start(1ULL << 40)) co_return;
          while (!co_await out.write(boost::asio::buffer(part))) {
          }
        });
      },
      options);
  raw_client client(server.port());
  client.send(get_request("/endless"));
  client.take(1);
  server.stop(1h); // returns when the request is over
  CHECK(server.by.cancelled({{"http_route", "/endless"}, {"reason", "client_reset"}, {"phase", "write"}}) == 1);
  CHECK(server.by.finished() == 1);
}

TEST_CASE("time-out: a handler that goes on is answered for at once, and can say nothing any more",
          "[beast][time-out]") {
  const bool is_observed = GENERATE(true, false);
  stubborn one;
  one.throws = GENERATE(false, true);
  const failures reported;
  running_server server(
      [&](weir::http_server& on) {
        on.get("/on",
               weir::behind({weir::time_limit(1h, "never\n"), weir::time_limit(20ms, "too late\n")}, one.handler()));
      },
      quick(), is_observed);
  raw_client client(server.port());
  client.send(get_request("/on") + get_request("/on"));
  const raw_response answer = client.read();
  CHECK(answer.status == 503);
  CHECK(answer.body == "too late\n");
  CHECK(answer.header("ETag") == "(absent)");
  CHECK(answer.header("Connection") == "close");
  CHECK(client.at_end()); // the request behind it goes elsewhere
  CHECK_FALSE(one.is_late);
  if (is_observed) CHECK(server.by.active() == 1);

  one.release.cancel();
  server.stop(5s);
  CHECK(one.is_late);
  CHECK(one.start == weir::context_errc::deadline_exceeded);
  CHECK(one.write == weir::context_errc::deadline_exceeded);
  CHECK(reported.told == (one.throws ? "handler: the index is broken\n" : ""));
  if (!is_observed) return;
  require_told(server, "timeout", "handler", "503", "/on");
  CHECK(server.by.sum("weir_cancel_to_stop_seconds") == 1);
  CHECK(json_member(server.by.access_lines()[0], "http.response.body.size") == "9");
}

TEST_CASE("time-out: a caller whose time is over is answered though the handler goes on", "[beast][time-out]") {
  stubborn one;
  running_server server([&](weir::http_server& on) { on.get("/on", one.handler()); });
  raw_client client(server.port());
  SECTION("with a body") {
    const raw_response answer = client.ask(get_request("/on", "X-Request-Timeout-Ms: 30\r\n"));
    CHECK(answer.status == 504);
    CHECK(answer.body == "the request took too long\n");
  }
  SECTION("without one, as it asked for none") {
    const raw_response answer =
        client.ask("HEAD /on HTTP/1.1\r\nHost: test\r\nX-Request-Timeout-Ms: 30\r\n\r\n", false);
    CHECK(answer.status == 504);
    CHECK(answer.header("Content-Length") == "26");
  }
  CHECK(client.at_end());
  one.release.cancel();
  server.stop(5s);
  require_told(server, "deadline", "handler", "504", "/on");
}

TEST_CASE("time-out: a client that has gone is answered by nobody, and later writes say why", "[beast][time-out]") {
  stubborn one;
  std::optional<weir::done_registration> gone;
  running_server server([&](weir::http_server& on) {
    on.use([&](http_request& in, http_response&, weir::next_handler next) -> task {
      gone.emplace(in.ctx().on_done([&] { one.release.cancel(); }));
      co_await next();
    });
    on.get("/on", weir::behind({weir::time_limit(1h)}, one.handler()));
  });
  raw_client client(server.port());
  client.send(get_request("/on"));
  client.shutdown_send();
  CHECK(client.at_end());
  server.stop(5s);
  CHECK(one.start == weir::context_errc::canceled);
  CHECK(one.write == weir::context_errc::canceled);
  CHECK(server.by.cancelled({{"reason", "client_closed"}, {"phase", "handler"}}) == 1);
  CHECK(json_member(server.by.access_lines().at(0), "http.response.status_code") == "(absent)");
}

TEST_CASE("time-out: what a handler throws in time is its own failure", "[beast][time-out]") {
  running_server server([](weir::http_server& on) {
    on.use(weir::time_limit(1h));
    on.get("/throw", [](http_request&, http_response&) -> task {
      throw std::runtime_error("broken");
      co_return;
    });
  });
  raw_client client(server.port());
  CHECK(client.get("/throw").status == 500);
  CHECK(client.get("/throw").status == 500);
  server.stop(5s);
  CHECK(server.by.finished({{"error_type", "exception"}}) == 2);
}
