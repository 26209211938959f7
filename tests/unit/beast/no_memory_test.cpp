// Servers and clients whose memory runs out for a moment, at one step after the other. Not under sanitizers, which
// replace malloc themselves.
#include "weir/beast/client.hpp"
#include "weir/beast/server.hpp"

#include "client_fixture.hpp"
#include "failing_allocations.hpp"
#include "weir/asio/sleep.hpp"

#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <thread>
#include <vector>

using namespace weir_test;

namespace {

task give_hello(http_request&, http_response& response) {
  response.body("hello\n");
  co_return;
}

/// Whether somebody is there who answers a new client.
bool answers(std::uint16_t port) {
  try {
    return raw_client(port).get("/hello").status == 200;
  } catch (const std::exception&) {
    return false;
  }
}

} // namespace

TEST_CASE("no memory: whatever fails on the server's thread while it accepts, it accepts again", "[beast][server]") {
  failing_allocations fails;
  running_server server([&](weir::http_server& on) {
    on.get("/fail", [&](http_request& request, http_response& response) -> task {
      fails.on_this_thread(std::stol(std::string(request.query("at").value_or("0"))));
      response.body("soon\n");
      co_return;
    });
    on.get("/hello", give_hello);
  });
  std::vector<raw_client> held; // so that what Asio keeps for connections has to be made
  long step = 0;
  for (; step < 500; ++step) {
    try {
      held.emplace_back(server.port()).get(fmt::format("/fail?at={}", step));
      for (int i = 0; i < 3; ++i) held.emplace_back(server.port()).get("/hello");
    } catch (const std::exception&) { // what there was no memory for
    }
    const bool has_failed = fails.end();
    INFO("allocation " << step);
    REQUIRE(answers(server.port()));
    if (!has_failed) break;
  }
  CHECK(step > 10);
  CHECK(step < 500);
}

TEST_CASE("no memory: whatever fails while it is stopped, the server ends", "[beast][server]") {
  failing_allocations fails;
  long step = 0;
  for (; step < 100; ++step) {
    weir::http_server server({.port = 0, .threads = 3});
    server.get("/stop", [&](http_request&, http_response& response) -> task {
      response.body("soon\n");
      server.stop(0ms);
      fails.on_this_thread(step);
      co_return;
    });
    INFO("allocation " << step);
    std::thread running([&] { server.run(); });
    try {
      raw_client(server.port()).get("/stop");
    } catch (const std::exception&) { // what there was no memory for
    }
    running.join();
    if (!fails.end()) break;
  }
  CHECK(step > 3);
  CHECK(step < 100);
}

TEST_CASE("no memory: whatever fails on the client's thread, its call ends, and the next one is as ever", "[beast]") {
  failing_allocations fails;
  running_server server([](weir::http_server& on) { on.get("/hello", give_hello); });
  boost::asio::io_context io;
  long step = 0;
  for (; step < 500; ++step) {
    // A new one each time: a kept connection is an allocation less.
    weir::http_client client({.timeout = 5s});
    const auto get = [&]() -> std::string {
      io.restart();
      auto answer = boost::asio::co_spawn(io, client.send({}, {"GET", url_of(server.port(), "/hello")}),
                                          boost::asio::use_future);
      io.run();
      return answer.get().body;
    };
    fails.on_threads_named("weir-http", step);
    try {
      const std::string body = get();
      CHECK(body == "hello\n");
    } catch (const boost::system::system_error& given) {
      CHECK(given.code() == boost::system::errc::not_enough_memory);
    } catch (const std::bad_alloc&) {
    }
    const bool has_failed = fails.end();
    INFO("allocation " << step);
    REQUIRE(get() == "hello\n");
    if (!has_failed) break;
  }
  CHECK(step > 10);
  CHECK(step < 500);
}

// It waited for an answer that nobody was giving, until the server was stopped.
TEST_CASE("no memory: whatever fails when a request's time is over, it ends", "[beast][server]") {
  failing_allocations fails;
  long step = 0;
  running_server server([&](weir::http_server& on) {
    on.get("/slow", [&](http_request& in, http_response&) -> task {
      const weir::context ctx = in.ctx();
      fails.on_this_thread(step);
      co_await weir::until_done(ctx);
    });
    on.get("/hello", give_hello);
  });
  for (; step < 200; ++step) {
    const raw_client client(server.port());
    client.send("GET /slow HTTP/1.1\r\nHost: test\r\nConnection: close\r\nX-Request-Timeout-Ms: 20\r\n\r\n");
    INFO("allocation " << step);
    REQUIRE(is_at_end(client)); // answered or not
    const bool has_failed = fails.end();
    REQUIRE(answers(server.port()));
    if (!has_failed) break;
  }
  CHECK(step > 3);
  CHECK(step < 200);
}
