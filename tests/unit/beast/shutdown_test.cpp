// How the small server stops: what becomes of connections, of requests under way, and of handlers that do not heed
// it.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "waiting_handler.hpp"
#include "weir/asio/sleep.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace weir_test;
using weir::cancel_reason;

TEST_CASE("shutdown: stopping closes idle connections at once, and run() returns", "[beast][shutdown]") {
  running_server server([](weir::http_server& on) {
    on.get("/hello", [](http_request&, http_response& out) -> task {
      out.body("hello\n");
      co_return;
    });
  });
  raw_client silent(server.port()), idle(server.port()), halfway(server.port());
  CHECK(idle.get("/hello").status == 200);
  halfway.send("GET /hello HT");
  const auto begun = std::chrono::steady_clock::now();
  server.stop(1h);
  CHECK(std::chrono::steady_clock::now() - begun < 30s);
  CHECK(idle.at_end());
  CHECK(halfway.at_end());
  CHECK(silent.at_end());
  CHECK_THROWS(connect_to(server.port()));
}

// A request that was watched used to leave a wait behind, for which run() waited for ever.
TEST_CASE("shutdown: a server that has watched a request stops all the same", "[beast][shutdown]") {
  running_server server([](weir::http_server& on) {
    on.get("/nap", [](http_request& in, http_response& out) -> task {
      if (!co_await weir::sleep_for(in.ctx(), 30ms)) out.body("awake\n");
    });
  });
  raw_client client(server.port());
  CHECK(client.get("/nap").body == "awake\n");
  server.stop(1h);
  CHECK(server.by.finished({{"error_type", ""}}) == 1);
}

TEST_CASE("shutdown: a request under way may finish while the server stops", "[beast][shutdown]") {
  std::promise<void> begun;
  running_server server([&](weir::http_server& on) {
    on.get("/nap", [&](http_request& in, http_response& out) -> task {
      begun.set_value();
      if (!co_await weir::sleep_for(in.ctx(), 100ms)) out.body("awake\n");
    });
  });
  raw_client client(server.port());
  client.send(get_request("/nap") + get_request("/nap"));
  begun.get_future().wait();
  server.stop(1h);
  const raw_response last = client.read();
  CHECK(last.body == "awake\n");
  CHECK(last.header("Connection") == "close");
  CHECK(client.at_end()); // the pipelined one is not begun
  CHECK(server.by.finished() == 1);
}

TEST_CASE("shutdown: a request that outlasts the grace is cancelled with the reason shutdown", "[beast][shutdown]") {
  waiting handler;
  const bool is_observed = GENERATE(true, false);
  running_server server([&](weir::http_server& on) { on.get("/wait", handler.handler()); }, quick(), is_observed);
  raw_client client(server.port());
  client.send(get_request("/wait"));
  handler.wait_until_begun();
  server.stop(20ms);
  CHECK(handler.wait() == cancel_reason::shutdown);
  CHECK(client.at_end());
  CHECK(server.by.cancelled({{"reason", "shutdown"}, {"phase", "handler"}}) == (is_observed ? 1 : 0));
  CHECK(server.by.active() == 0);
}

TEST_CASE("shutdown: a stubborn handler is left behind, and its request told when the server goes",
          "[beast][shutdown]") {
  observed by;
  std::promise<void> begun;
  auto destroyed = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = destroyed;
  {
    weir::server_options options = quick();
    options.observer = &by.observer;
    weir::http_server server(options);
    server.get("/never", [&begun, held = std::move(destroyed)](http_request&, http_response&) -> task {
      const auto kept = held;
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
      begun.set_value();
      co_await timer.async_wait(boost::asio::use_awaitable);
    });
    std::jthread thread([&] { server.run(); });
    raw_client client(server.port());
    client.send(get_request("/never"));
    begun.get_future().wait();
    server.stop(0ms);
    thread.join();
    CHECK_FALSE(alive.expired());
  }
  CHECK(alive.expired());
  CHECK(by.cancelled({{"reason", "shutdown"}}) == 1);
  CHECK(by.active() == 0);
}

TEST_CASE("shutdown: a server may be stopped before it runs, and destroyed without having run", "[beast][shutdown]") {
  weir::http_server never(quick());
  weir::http_server stopped(quick());
  stopped.stop();
  stopped.run();
  stopped.stop();
}

TEST_CASE("shutdown: servers stop under load without losing a request", "[beast][shutdown][concurrent]") {
  for (int round = 0; round < 5; ++round) {
    weir::server_options options = quick();
    options.threads = 2;
    running_server server(
        [](weir::http_server& on) {
          on.get("/nap", [](http_request& in, http_response& out) -> task {
            if (!co_await weir::sleep_for(in.ctx(), 2ms)) out.body("awake\n");
          });
        },
        options);
    std::atomic<int> answered{0};
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i)
      clients.emplace_back([&] {
        try {
          raw_client client(server.port());
          for (;;) answered += client.get("/nap").status == 200;
        } catch (const std::exception&) { // it stopped
        }
      });
    while (answered < 20) std::this_thread::yield();
    server.stop(5s);
    clients.clear();
    CHECK(server.by.finished({{"error_type", ""}}) == answered);
    CHECK(server.by.active() == 0);
  }
}
