// The watch: which ways of leaving it sees, when it looks, and that it never speaks of another request.
#include "weir/beast/client_watch.hpp"

#include "http/observed.hpp"
#include "raw_client.hpp"
#include "watching.hpp"
#include "weir/http/exchange.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using weir::cancel_reason;
using weir_test::is_armed;
using weir_test::raw_listener;
using weir_test::raw_socket;
using weir_test::run_until;

namespace {

constexpr weir::client_watch_options soon{.arm_after = 1ms};
constexpr weir::client_watch_options soon_ignoring{.half_close = weir::half_close_policy::ignore, .arm_after = 1ms};

/// A server's end and a client's end, with a request under way.
struct watched_request {
  explicit watched_request(boost::asio::io_context& io, weir::client_watch_options options = soon)
      : client(listener.connect()),
        server(listener.accept()),
        exchange(observed.observer),
        watch(io.get_executor(), options) {
    exchange.begin({.method = "GET", .target = "/"});
    exchange.handler_started();
  }
  void start() { watch.start(server.get(), exchange); }
  bool done() const { return exchange.ctx().done(); }
  cancel_reason reason() const { return exchange.ctx().reason(); }

  weir_test::observed observed;
  raw_listener listener;
  raw_socket client, server;
  weir::exchange exchange;
  weir::client_watch watch;
};

} // namespace

// It used to go unwatched: the number was in the set already, for the one before.
TEST_CASE("watch: a socket with the number of one that was closed before it was armed is watched", "[beast][watch]") {
  boost::asio::io_context io;
  watched_request before(io), after(io);
  before.start();
  // As where a session closes its socket, stays for a while, and the next connection has the number.
  REQUIRE(::dup2(after.server.get(), before.server.get()) >= 0);
  after.watch.start(before.server.get(), after.exchange);
  REQUIRE(run_until(io, [&] { return is_armed(before.server.get()); }));
  after.client.close();
  CHECK(run_until(io, [&] { return after.done(); }));
  CHECK(after.reason() == cancel_reason::client_closed);
  CHECK_FALSE(before.done());
}

TEST_CASE("watch: a client that closes its connection has cancelled", "[beast][watch]") {
  boost::asio::io_context io;
  watched_request request(io);
  request.start();
  SECTION("before the watch looks") { request.client.close(); }
  SECTION("while it looks") {
    REQUIRE(run_until(io, [&] { return is_armed(request.server.get()); }));
    request.client.close();
  }
  SECTION("behind a request that nobody has read yet") {
    request.client.send("GET /next HTTP/1.1\r\n\r\n");
    request.client.close();
  }
  SECTION("one side of it, which looks the same") { request.client.shutdown_send(); }
  CHECK(run_until(io, [&] { return request.done(); }));
  CHECK(request.reason() == cancel_reason::client_closed);
}

TEST_CASE("watch: a client that resets its connection has cancelled", "[beast][watch]") {
  boost::asio::io_context io;
  for (const auto& options : {soon, soon_ignoring}) {
    watched_request request(io, options);
    request.start();
    request.client.reset();
    CHECK(run_until(io, [&] { return request.done(); }));
    CHECK(request.reason() == cancel_reason::client_reset);
  }
}

TEST_CASE("watch: half a close is nothing where the policy is to ignore it", "[beast][watch]") {
  boost::asio::io_context io;
  watched_request request(io, soon_ignoring);
  watched_request control(io);
  request.start();
  control.start();
  request.client.shutdown_send();
  REQUIRE(run_until(io, [&] { return is_armed(request.server.get()); }));
  control.client.close();
  // What came to the kernel first would have been seen first.
  REQUIRE(run_until(io, [&] { return control.done(); }));
  CHECK_FALSE(request.done());
  request.client.reset();
  CHECK(run_until(io, [&] { return request.done(); }));
  CHECK(request.reason() == cancel_reason::client_reset);
}

TEST_CASE("watch: bytes of the next request are no reason to do anything", "[beast][watch]") {
  boost::asio::io_context io;
  watched_request request(io);
  watched_request control(io);
  request.start();
  control.start();
  request.client.send("GET /next HTTP/1.1\r\n\r\n");
  REQUIRE(run_until(io, [&] { return is_armed(request.server.get()); }));
  control.client.close();
  REQUIRE(run_until(io, [&] { return control.done(); }));
  CHECK_FALSE(request.done());
  // And they are still there.
  char byte = 0;
  CHECK(::recv(request.server.get(), &byte, 1, MSG_DONTWAIT) == 1);
  CHECK(byte == 'G');
}

TEST_CASE("watch: fast requests never reach the kernel", "[beast][watch]") {
  boost::asio::io_context io;
  watched_request request(io, {.arm_after = 1000ms});
  for (int i = 0; i < 1000; ++i) {
    request.start();
    io.poll();
    io.restart();
    request.watch.stop();
  }
  request.start();
  io.run_for(20ms);
  CHECK_FALSE(is_armed(request.server.get()));
  request.watch.stop();
  io.restart();
  io.run(); // returns: nothing is left to watch
  CHECK_FALSE(request.done());
}

// There was a time when a wait that had been begun for a request was left behind by its end.
TEST_CASE("watch: run() returns when the last watched request is over", "[beast][watch]") {
  boost::asio::io_context io;
  watched_request request(io);
  for (int i = 0; i < 3; ++i) {
    request.start();
    REQUIRE(run_until(io, [&] { return is_armed(request.server.get()); }));
    request.watch.stop();
    CHECK_FALSE(is_armed(request.server.get()));
    io.restart();
    io.run();
  }
  CHECK_FALSE(request.done());
}

TEST_CASE("watch: after stop() nothing is cancelled any more, whatever was on its way", "[beast][watch]") {
  // Stops after each number of handlers that have run, and so at every point between the close and the cancel.
  bool was_cancelled = false;
  for (int handlers = 0; !was_cancelled; ++handlers) {
    REQUIRE(handlers < 1000);
    boost::asio::io_context io;
    watched_request request(io);
    request.start();
    request.client.close();
    for (int i = 0; i < handlers; ++i) io.run_one_for(10ms);
    was_cancelled = request.done();
    request.watch.stop();
    io.restart();
    io.run();
    CHECK(request.done() == was_cancelled);
  }
  CHECK(was_cancelled);
}

TEST_CASE("watch: what was seen of one request is not held against the next", "[beast][watch]") {
  bool was_cancelled = false;
  for (int handlers = 0; !was_cancelled; ++handlers) {
    REQUIRE(handlers < 1000);
    boost::asio::io_context io;
    watched_request request(io);
    const raw_socket next_client = request.listener.connect();
    const raw_socket next_server = request.listener.accept();
    request.start();
    request.client.close();
    for (int i = 0; i < handlers; ++i) io.run_one_for(10ms);
    was_cancelled = request.done();
    request.exchange.begin({.method = "GET", .target = "/next"});
    request.watch.start(next_server.get(), request.exchange);
    REQUIRE(run_until(io, [&] { return is_armed(next_server.get()); }));
    io.restart();
    io.poll();
    CHECK_FALSE(request.done());
    request.watch.stop();
  }
}

// Stopping used to take whatever socket had the number by then out of the epoll set.
TEST_CASE("watch: a socket closed too early does not cost its successor of the same number the watch",
          "[beast][watch]") {
  boost::asio::io_context io;
  watched_request early(io);
  early.start();
  REQUIRE(run_until(io, [&] { return is_armed(early.server.get()); }));
  const int number = early.server.get();
  early.server.close();

  watched_request successor(io);
  REQUIRE(::dup2(successor.server.get(), number) == number);
  const raw_socket reused(number);
  successor.watch.start(number, successor.exchange);
  REQUIRE(run_until(io, [&] { return is_armed(number); }));
  early.watch.stop();
  CHECK(is_armed(number));
  successor.client.close();
  CHECK(run_until(io, [&] { return successor.done(); }));
  CHECK_FALSE(early.done());
}

TEST_CASE("watch: an io_context may go, with the requests that its handlers own", "[beast][watch]") {
  weir_test::observed observed;
  const raw_listener listener;
  const raw_socket client = listener.connect();
  const raw_socket server = listener.accept();
  std::optional<boost::asio::io_context> io(std::in_place);
  struct session {
    session(boost::asio::io_context& context, weir::request_observer& observer)
        : exchange(observer), watch(context.get_executor(), soon) {}
    weir::exchange exchange;
    weir::client_watch watch;
  };
  auto owned = std::make_shared<session>(*io, observed.observer);
  owned->exchange.begin({.method = "GET", .target = "/"});
  owned->watch.start(server.get(), owned->exchange);
  SECTION("young") {}
  SECTION("armed") {
    REQUIRE(run_until(*io, [&] { return is_armed(server.get()); }));
  }
  boost::asio::post(*io, [owned] {});
  owned.reset();
  io.reset();
  CHECK(observed.finished() == 1);
  CHECK(observed.active() == 0);
}

TEST_CASE("watch: an arm_after out of range is refused by name", "[beast][watch]") {
  boost::asio::io_context io;
  CHECK_THROWS_WITH(weir::client_watch(io.get_executor(), {.arm_after = 0ms}), Catch::Contains("arm_after is 0 ms"));
  CHECK_THROWS_WITH(weir::client_watch(io.get_executor(), {.arm_after = 1001ms}), Catch::Contains("1001"));
}

TEST_CASE("watch: connections on the strands of several threads are watched without a race",
          "[beast][watch][concurrent]") {
  weir_test::observed observed;
  boost::asio::io_context io;
  std::atomic<int> wrong{0}, over{0};
  constexpr int sessions = 16, requests = 40;

  struct session : std::enable_shared_from_this<session> {
    session(boost::asio::io_context& context, weir::request_observer& observer, const raw_listener& at)
        : strand(boost::asio::make_strand(context)), listener(at), exchange(observer), watch(strand, soon) {}
    boost::asio::strand<boost::asio::io_context::executor_type> strand;
    const raw_listener& listener;
    weir::exchange exchange;
    weir::client_watch watch;
    weir::done_registration gone;
    std::optional<raw_socket> client, server;

    void next(int left, std::atomic<int>& bad, std::atomic<int>& ended) {
      watch.stop();
      exchange.finish();
      bad += client && exchange.facts().reason != cancel_reason::client_closed;
      if (left == 0) {
        ++ended;
        return;
      }
      client.reset();
      server.reset();
      client.emplace(listener.connect());
      server.emplace(listener.accept());
      exchange.begin({.method = "GET", .target = "/"});
      watch.start(server->get(), exchange);
      gone = exchange.ctx().on_done([self = weak_from_this(), left, &bad, &ended] {
        if (const auto alive = self.lock())
          boost::asio::post(alive->strand, [alive, left, &bad, &ended] { alive->next(left - 1, bad, ended); });
      });
      client->shutdown_send();
    }
  };
  std::vector<std::shared_ptr<session>> all;
  std::vector<std::unique_ptr<raw_listener>> listeners; // one each: connect() and accept() belong together
  for (int i = 0; i < sessions; ++i) {
    listeners.push_back(std::make_unique<raw_listener>());
    all.push_back(std::make_shared<session>(io, observed.observer, *listeners.back()));
    boost::asio::post(all.back()->strand, [each = all.back(), &wrong, &over] { each->next(requests, wrong, over); });
  }
  {
    const std::jthread one([&] { io.run(); });
    const std::jthread two([&] { io.run(); });
  }
  CHECK(over == sessions);
  CHECK(wrong == 0);
  CHECK(observed.cancelled({{"reason", "client_closed"}}) == sessions * requests);
  all.clear();
}
