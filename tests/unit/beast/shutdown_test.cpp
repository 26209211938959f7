// How the small server stops: what becomes of connections, of requests under way, and of handlers that do not heed
// it.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "waiting_handler.hpp"
#include "weir/asio/sleep.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
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
  raw_client silent(server.port()), idle(server.port());
  CHECK(idle.get("/hello").status == 200);
  const auto begun = std::chrono::steady_clock::now();
  server.stop(1h);
  CHECK(std::chrono::steady_clock::now() - begun < 30s);
  CHECK(idle.at_end());
  CHECK(silent.at_end());
  CHECK(server.by.finished() == 1);
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
  client.send(get_request("/nap"));
  begun.get_future().wait();
  server.stop(1h);
  const raw_response last = client.read();
  CHECK(last.body == "awake\n");
  CHECK(last.header("Connection") == "close");
  CHECK(client.at_end());
  CHECK(server.by.finished() == 1);
}

// They used to vanish: sent, read, and neither answered nor counted.
TEST_CASE("shutdown: what has been read of requests is served, or refused, to its end", "[beast][shutdown]") {
  const bool has_part = GENERATE(false, true);
  const bool is_observed = GENERATE(true, false);
  std::promise<void> begun;
  running_server server(
      [&](weir::http_server& on) {
        on.get("/nap", [&](http_request& in, http_response& out) -> task {
          begun.set_value();
          if (!co_await weir::sleep_for(in.ctx(), 100ms)) out.body("awake\n");
        });
        on.get("/hello", [](http_request&, http_response& out) -> task {
          out.body("hello\n");
          co_return;
        });
      },
      quick(), is_observed);
  raw_client client(server.port());
  client.send(get_request("/nap") + get_request("/hello") + get_request("/hello") +
              (has_part ? "GET /hello HTTP/1.1\r\nHost: te" : ""));
  begun.get_future().wait();
  server.begin_stop(1h);
  CHECK(client.read().header("Connection") == "(absent)");
  CHECK(client.read().header("Connection") == "(absent)");
  raw_response last = client.read();
  CHECK(last.status == 200);
  CHECK(last.header("Connection") == (has_part ? "(absent)" : "close"));
  if (has_part) {
    last = client.read();
    CHECK(last.status == 503);
    CHECK(last.header("Connection") == "close");
  }
  client.shutdown_send();
  CHECK(client.at_end());
  server.wait();
  if (!is_observed) return;
  CHECK(server.by.finished({{"http_response_status_code", "200"}, {"error_type", ""}}) == 3);
  CHECK(server.by.finished() == (has_part ? 4 : 3));
  CHECK(server.by.active() == 0);
  if (!has_part) return;
  CHECK(server.by.finished({{"http_response_status_code", "503"}, {"error_type", "shutdown"}}) == 1);
  const std::string refused = server.by.access_lines().back();
  CHECK(json_member(refused, "outcome") == "refused");
  CHECK(json_member(refused, "error.type") == "shutdown");
  CHECK(json_member(refused, "cancel.phase") == "read");
}

TEST_CASE("shutdown: a request that has come in part is refused at once", "[beast][shutdown]") {
  running_server server([](weir::http_server& on) {
    on.get("/hello", [](http_request&, http_response& out) -> task {
      out.body("hello\n");
      co_return;
    });
  });
  raw_client halfway(server.port());
  CHECK(halfway.get("/hello").status == 200);
  // Behind another, so that it has been read when that is answered.
  halfway.send(get_request("/hello") + "GET /hello HT");
  CHECK(halfway.read().status == 200);
  const auto begun = std::chrono::steady_clock::now();
  server.begin_stop(1h);
  const raw_response refused = halfway.read();
  CHECK(refused.status == 503);
  CHECK(refused.header("Connection") == "close");
  halfway.close();
  server.wait();
  CHECK(std::chrono::steady_clock::now() - begun < 30s);
  CHECK(server.by.finished({{"http_response_status_code", "503"}, {"error_type", "shutdown"}}) == 1);
  CHECK(server.by.finished() == 3);
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

namespace {

/// Waits for the end of `ctx` with an operation that completes in the callback itself, as dispatch() may.
task await_in_callback(weir::context ctx) {
  auto initiate = [ctx](auto handler) {
    const auto executor = boost::asio::get_associated_executor(handler);
    const auto held = std::make_shared<decltype(handler)>(std::move(handler)); // a callback is copyable
    ctx.on_done([held, executor] { boost::asio::dispatch(executor, [held] { std::move (*held)(); }); }).detach();
  };
  auto waiting = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      std::move(initiate), boost::asio::use_awaitable);
  co_await std::move(waiting);
}

} // namespace

// The server used to go on with the sessions' list from one that had gone.
TEST_CASE("shutdown: sessions may end while their server cuts them off", "[beast][shutdown]") {
  const bool is_observed = GENERATE(true, false);
  constexpr int many = 20;
  std::atomic<int> begun{0}, ended{0};
  running_server server(
      [&](weir::http_server& on) {
        on.get("/wait", [&](http_request& in, http_response&) -> task {
          const weir::context ctx = in.ctx();
          ++begun;
          auto waiting = await_in_callback(ctx);
          co_await std::move(waiting);
          ++ended;
        });
      },
      quick(), is_observed);
  std::vector<std::unique_ptr<raw_client>> clients;
  while (clients.size() < many) {
    clients.push_back(std::make_unique<raw_client>(server.port()));
    clients.back()->send(get_request("/wait"));
  }
  while (begun < many) std::this_thread::yield();
  server.stop(0ms);
  CHECK(ended == many);
  for (const auto& each : clients) CHECK(each->at_end());
  CHECK(server.by.cancelled({{"reason", "shutdown"}, {"phase", "handler"}}) == (is_observed ? many : 0));
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
