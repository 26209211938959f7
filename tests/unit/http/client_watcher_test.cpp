// The watcher's thread: which ways of leaving it sees, and that it never speaks of another request.
#include "weir/http/client_watcher.hpp"

#include "beast/raw_client.hpp"
#include "observed.hpp"
#include "weir/context.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using weir::cancel_reason;
using weir_test::raw_listener;
using weir_test::raw_socket;

namespace {

constexpr weir::client_watch_options soon{.arm_after = 1ms};
constexpr weir::client_watch_options soon_ignoring{.half_close = weir::half_close_policy::ignore, .arm_after = 1ms};

/// A server's end and a client's end, with a request under way that is watched.
struct watched_request {
  explicit watched_request(weir::client_watcher& watcher)
      : client(listener.connect()), server(listener.accept()), exchange(observed.observer) {
    exchange.begin({.method = "GET", .target = "/"});
    exchange.handler_started();
    watch.emplace(watcher, server.get(), exchange);
  }

  weir_test::observed observed;
  raw_listener listener;
  raw_socket client, server;
  weir::exchange exchange;
  std::optional<weir::client_watcher::watch> watch;
};

} // namespace

TEST_CASE("client watcher: a client that closes its connection has cancelled", "[http][concurrent]") {
  weir::client_watcher watcher(soon);
  watched_request request(watcher);
  SECTION("at once") {}
  SECTION("behind bytes that nobody has read") { request.client.send("GET /next HTTP/1.1\r\n\r\n"); }
  request.client.close();
  CHECK(request.exchange.ctx().wait_for(10s));
  CHECK(request.exchange.ctx().reason() == cancel_reason::client_closed);
  request.watch.reset();
  request.exchange.finish();
  CHECK(request.observed.cancelled({{"reason", "client_closed"}, {"phase", "handler"}}) == 1);
}

TEST_CASE("client watcher: a broken connection is a reset, also if another has been told of it first",
          "[http][concurrent]") {
  const bool reads = GENERATE(false, true);
  weir::client_watcher watcher({.arm_after = 200ms}); // longer than it takes to read the error, mostly
  watched_request request(watcher);
  request.client.reset();
  char byte = 0;
  if (reads) CHECK(::recv(request.server.get(), &byte, 1, 0) == -1);
  CHECK(request.exchange.ctx().wait_for(10s));
  CHECK(request.exchange.ctx().reason() == cancel_reason::client_reset);
  request.watch.reset();
  request.exchange.finish();
}

TEST_CASE("client watcher: a broken connection is a reset", "[http][concurrent]") {
  weir::client_watcher watcher(soon_ignoring);
  watched_request request(watcher);
  request.client.reset();
  CHECK(request.exchange.ctx().wait_for(10s));
  CHECK(request.exchange.ctx().reason() == cancel_reason::client_reset);
}

TEST_CASE("client watcher: a half-closed connection counts as the policy says", "[http][concurrent]") {
  SECTION("as gone") {
    weir::client_watcher watcher(soon);
    watched_request request(watcher);
    request.client.shutdown_send();
    CHECK(request.exchange.ctx().wait_for(10s));
  }
  SECTION("as waiting") {
    weir::client_watcher watcher(soon_ignoring);
    watched_request waiting(watcher), gone(watcher);
    waiting.client.shutdown_send();
    // Whoever leaves after it is noticed: so it was looked at.
    gone.client.reset();
    CHECK(gone.exchange.ctx().wait_for(10s));
    CHECK_FALSE(waiting.exchange.ctx().done());
  }
}

TEST_CASE("client watcher: nothing is said after the end of a watch", "[http][concurrent]") {
  weir::client_watcher watcher({.arm_after = GENERATE(1ms, 1000ms)});
  watched_request request(watcher);
  request.watch.reset();
  request.client.close();
  watched_request other(watcher); // the same thread looks at it, later
  other.watch.reset();
  CHECK_FALSE(request.exchange.ctx().done());
}

TEST_CASE("client watcher: the end of a watch waits for what the client's going has called", "[http][concurrent]") {
  weir::client_watcher watcher(soon);
  watched_request request(watcher);
  std::atomic<bool> called{false}, may_return{false};
  const auto registered = request.exchange.ctx().on_done([&] {
    called.store(true);
    called.notify_one();
    may_return.wait(false);
  });
  request.client.close();
  called.wait(false);
  std::thread releaser([&] {
    may_return.store(true);
    may_return.notify_one();
  });
  request.watch.reset();
  CHECK(may_return.load());
  releaser.join();
}

TEST_CASE("client watcher: of many connections just those whose clients go are cancelled", "[http][concurrent]") {
  weir::client_watcher watcher(soon);
  weir_test::observed observed;
  std::atomic<int> gone{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const raw_listener listener;
      for (int i = 0; i < 40; ++i) {
        raw_socket client = listener.connect();
        raw_socket server = listener.accept();
        weir::exchange exchange(observed.observer);
        exchange.begin({.method = "GET", .target = "/"});
        const bool leaves = (i + t) % 2 == 0;
        {
          const weir::client_watcher::watch watch(watcher, server.get(), exchange);
          if (leaves) {
            client.close();
            if (exchange.ctx().wait_for(10s)) ++gone;
          } else if (i % 3 == 0 && exchange.ctx().wait_for(3ms)) { // now and then for long enough to be armed
            ++wrong;
          }
        }
        if (!leaves && exchange.ctx().done()) ++wrong;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(gone == 80);
  CHECK(wrong == 0);
}

TEST_CASE("client watcher: an option out of range throws and is named", "[http]") {
  CHECK_THROWS_WITH(weir::client_watcher({.arm_after = 0ms}), Catch::Contains("arm_after is 0 ms"));
  CHECK_THROWS_WITH(weir::client_watcher({.arm_after = 1001ms}), Catch::Contains("arm_after is 1001 ms"));
}
