// A request's life in the small server: whose ids are in the log, and who is told that it is over.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "waiting_handler.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/context.hpp"
#include "weir/log/macros.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weir_test;

namespace {

constexpr std::uint64_t endless = 1ULL << 40;

/// Streams to a client that may not take it, until it cannot.
task stream_endlessly(http_request&, http_response& out) {
  const std::string part(1 << 20, 'x');
  if (co_await out.start(endless)) co_return;
  while (!co_await out.write(boost::asio::buffer(part))) {
  }
}

} // namespace

TEST_CASE("life: records carry their own request's ids after a co_await, though two share a thread",
          "[beast][life]") {
  // The first to come waits for the second, so that each logs while the other is under way.
  auto meeting = std::make_shared<std::optional<boost::asio::steady_timer>>();
  std::atomic<weir::logger*> log{nullptr};
  running_server server([&](weir::http_server& on) {
    on.get("/meet/{name}", [&, meeting](http_request& in, http_response& out) -> task {
      weir::logger& app = *log;
      app.info("before {}", in.param("name"));
      if (!*meeting) {
        meeting->emplace(co_await boost::asio::this_coro::executor, 1h);
        boost::system::error_code ignored;
        co_await (*meeting)->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        meeting->reset();
      } else {
        (*meeting)->cancel();
        co_await weir::sleep_for(in.ctx(), 5ms);
      }
      app.info("between {}", in.param("name"));
      co_await weir::sleep_for(in.ctx(), 1ms);
      app.info("after {}", in.param("name"));
      out.body("met\n");
    });
  });
  log = &server.by.stream.get_logger("app");
  raw_client one(server.port()), two(server.port());
  one.send(get_request("/meet/one", "traceparent: 00-11111111111111111111111111111111-1111111111111111-01\r\n"));
  while (server.by.lines_of("app").empty()) std::this_thread::yield();
  two.send(get_request("/meet/two", "traceparent: 00-22222222222222222222222222222222-2222222222222222-01\r\n"));
  CHECK(one.read().body == "met\n");
  CHECK(two.read().body == "met\n");
  server.stop(5s);

  const auto lines = server.by.lines();
  int told = 0;
  for (const std::string& line : lines) {
    CAPTURE(line);
    const bool is_first = line.find("one") != line.npos;
    CHECK(json_member(line, "trace_id") == std::string(32, is_first ? '1' : '2'));
    told += json_member(line, "logger") == "app";
  }
  CHECK(told == 6);
  CHECK(lines.size() == 8);
}

// Whoever holds a context beyond its request costs every request of a connection an allocation.
TEST_CASE("life: requests of a connection have their contexts in one place, as nothing holds on to them",
          "[beast][life]") {
  std::vector<const weir::correlation*> places;
  std::vector<weir::correlation> ids;
  running_server server([&](weir::http_server& on) {
    on.get("/nap", [&](http_request& in, http_response& out) -> task {
      places.push_back(in.ctx().ids());
      ids.push_back(*in.ctx().ids());
      if (!co_await weir::sleep_for(in.ctx(), 5ms)) out.body("awake\n");
    });
    on.get("/parts", [&](http_request& in, http_response& out) -> task {
      places.push_back(in.ctx().ids());
      ids.push_back(*in.ctx().ids());
      if (!co_await out.start(3)) co_await out.write(boost::asio::buffer("abc", 3));
    });
  });
  raw_client client(server.port());
  for (const char* target : {"/nap", "/parts", "/nap", "/parts"}) CHECK(client.get(target).status == 200);
  server.stop(5s);
  REQUIRE(places.size() == 4);
  for (std::size_t i = 1; i < places.size(); ++i) {
    CHECK(places[i] == places[0]);
    CHECK_FALSE(ids[i] == ids[i - 1]);
  }
}

TEST_CASE("life: a handler learns that its client has gone", "[beast][life]") {
  waiting handler;
  running_server server([&](weir::http_server& on) { on.get("/wait", handler.handler()); });
  raw_client client(server.port());
  client.send(get_request("/wait"));
  handler.wait_until_begun();
  std::string reason;
  SECTION("by closing") {
    client.close();
    reason = "client_closed";
  }
  SECTION("by closing one side") {
    client.shutdown_send();
    reason = "client_closed";
  }
  SECTION("by closing behind a pipelined request") {
    client.send(get_request("/wait"));
    client.close();
    reason = "client_closed";
  }
  SECTION("by a reset") {
    client.reset();
    reason = "client_reset";
  }
  CHECK(to_string_view(handler.wait()) == reason);
  server.stop(5s);
  CHECK(server.by.cancelled({{"http_route", "/wait"}, {"reason", reason}, {"phase", "handler"}}) == 1);
  const auto lines = server.by.access_lines();
  REQUIRE(lines.size() == 1); // the pipelined one was never begun
  CHECK(json_member(lines[0], "message") == "GET /wait 499");
  CHECK(json_member(lines[0], "http.response.status_code") == "(absent)");
}

TEST_CASE("life: a client that closed one side gets its answer where the policy is to ignore that", "[beast][life]") {
  weir::server_options options = quick();
  options.watch.half_close = weir::half_close_policy::ignore;
  running_server server(
      [](weir::http_server& on) {
        on.get("/nap", [](http_request& in, http_response& out) -> task {
          if (!co_await weir::sleep_for(in.ctx(), 30ms)) out.body("awake\n");
        });
      },
      options);
  raw_client client(server.port());
  client.send(get_request("/nap"));
  client.shutdown_send();
  CHECK(client.read().body == "awake\n");
  CHECK(client.at_end());
}

TEST_CASE("life: a request is cancelled while its body is read", "[beast][life]") {
  running_server server(
      [](weir::http_server& on) { on.post("/take", [](http_request&, http_response&) -> task { co_return; }); });
  {
    raw_client client(server.port());
    client.send("POST /take HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read().status == 100);
    client.send("abc");
  }
  server.stop(5s);
  CHECK(server.by.cancelled({{"reason", "client_closed"}, {"phase", "read"}}) == 1);
  CHECK(server.by.active() == 0);
  CHECK(json_member(server.by.access_lines().at(0), "http.request.body.size") == "3");
}

TEST_CASE("life: a client that leaves within its header is counted, one that sends nothing is not", "[beast][life]") {
  running_server server([](weir::http_server&) {});
  const auto [way, reason] =
      GENERATE(table<std::string, std::string>({{"FIN", "client_closed"}, {"RST", "client_reset"}}));
  CAPTURE(way);
  {
    raw_client silent(server.port()), client(server.port());
    client.send("GET /some HTTP/1.1\r\nHos");
    // Else the reset might come before the server has read anything.
    raw_client(server.port()).get("/other");
    way == "FIN" ? client.close() : client.reset();
  }
  server.stop(5s);
  CHECK(server.by.cancelled({{"reason", reason}, {"phase", "read"}}) == 1);
  CHECK(server.by.access_lines().size() == 2);
  CHECK(server.by.active() == 0);
}

TEST_CASE("life: a download whose client leaves ends in the middle of a write", "[beast][life]") {
  running_server server([](weir::http_server& on) { on.get("/endless", stream_endlessly); });
  raw_client client(server.port());
  client.send(get_request("/endless"));
  client.take(1 << 20);
  SECTION("with a close, which is a reset as there is more") { client.close(); }
  SECTION("with a reset") { client.reset(); }
  SECTION("with half a close, and then takes no more") { client.shutdown_send(); }
  server.stop(10s);
  CHECK(server.by.cancelled({{"phase", "write"}}) == 1);
  CHECK(server.by.finished({{"http_response_status_code", "200"}}) == 1);
  CHECK(server.by.sum("weir_response_bytes_wasted_total") > 0);
  CHECK(server.by.active() == 0);
}

TEST_CASE("life: a streamed answer is complete, or the connection ends", "[beast][life]") {
  std::promise<std::string> told;
  running_server server([&](weir::http_server& on) {
    on.get("/parts", [](http_request&, http_response& out) -> task {
      if (co_await out.start(6)) co_return;
      for (const std::string part : {"ab", "", "cdef"})
        if (co_await out.write(boost::asio::buffer(part))) co_return;
    });
    on.get("/nothing", [](http_request&, http_response& out) -> task { co_await out.start(0); });
    on.get("/less", [](http_request&, http_response& out) -> task {
      if (co_await out.start(6)) co_return;
      co_await out.write(boost::asio::buffer("abc", 3));
    });
    on.get("/broken", [](http_request&, http_response& out) -> task {
      if (co_await out.start(6)) co_return;
      co_await out.write(boost::asio::buffer("abc", 3));
      throw std::runtime_error("the disk is gone");
    });
    on.get("/misused", [&](http_request&, http_response& out) -> task {
      const auto early = co_await out.write(boost::asio::buffer("x", 1));
      const auto first = co_await out.start(2);
      const auto again = co_await out.start(2);
      const auto more = co_await out.write(boost::asio::buffer("xyz", 3));
      const auto fits = co_await out.write(boost::asio::buffer("ok", 2));
      out.clear();
      told.set_value(fmt::format("{} {} {} {} {} {}", early == std::errc::not_connected, !first,
                                 again == std::errc::already_connected, more == std::errc::message_size, !fits,
                                 out.started()));
    });
    on.get("/204", [](http_request&, http_response& out) -> task {
      const auto refused = co_await out.status(204).start(3);
      if (refused == std::errc::message_size) co_await out.start(0);
    });
  });
  raw_client client(server.port());
  CHECK(client.get("/parts").body == "abcdef");
  const raw_response head = client.ask("HEAD /parts HTTP/1.1\r\nHost: test\r\n\r\n", false);
  CHECK(head.header("Content-Length") == "6");
  CHECK(client.get("/nothing").body.empty());
  CHECK(client.get("/misused").body == "ok");
  CHECK(told.get_future().get() == "true true true true true true");
  const raw_response empty = client.get("/204");
  CHECK(empty.status == 204);
  CHECK(empty.header("Content-Length") == "(absent)");
  CHECK(client.get("/parts").body == "abcdef");
  CHECK_THROWS(client.get("/less"));
  CHECK(client.at_end());
  raw_client other(server.port());
  CHECK_THROWS(other.get("/broken"));
  server.stop(5s);
  CHECK(server.by.finished({{"http_route", "/less"}, {"error_type", "exception"}}) == 1);
  CHECK(server.by.finished({{"http_route", "/broken"}, {"error_type", "exception"}}) == 1);
  CHECK(server.by.finished({{"error_type", ""}}) == 6);
}

TEST_CASE("life: a handler that runs out of time is answered for, with nothing of its own answer", "[beast][life]") {
  running_server server([](weir::http_server& on) {
    on.use(weir::time_limit(20ms, "later perhaps\n"));
    on.get("/heeds", [](http_request& in, http_response& out) -> task {
      out.header("ETag", "\"mine\"");
      co_await weir::until_done(in.ctx());
      if (in.query("throw")) throw std::runtime_error("interrupted");
      out.body("what I had");
    });
    on.get("/quick", [](http_request& in, http_response& out) -> task {
      out.body(in.ctx().deadline() ? "in time" : "no limit");
      co_return;
    });
  });
  for (const char* target : {"/heeds", "/heeds?throw"}) {
    const raw_response late = raw_client(server.port()).get(target);
    CHECK(late.status == 503);
    CHECK(late.body == "later perhaps\n");
    CHECK(late.header("ETag") == "(absent)");
  }
  CHECK(raw_client(server.port()).get("/quick").body == "in time");
  server.stop(5s);
  CHECK(server.by.cancelled({{"http_route", "/heeds"}, {"reason", "timeout"}, {"phase", "handler"}}) == 2);
  CHECK(server.by.sum("weir_cancel_to_stop_seconds") == 2);
  CHECK(json_member(server.by.access_lines().at(0), "outcome") == "timed_out");
  CHECK_THROWS_WITH(weir::time_limit(0ms), Catch::Contains("0 ms"));
}

// The interrupted write used to be taken for the client's doing, and hid the time-out.
TEST_CASE("life: a download that runs out of time while its client takes nothing is timed out", "[beast][life]") {
  running_server server([](weir::http_server& on) {
    on.use(weir::time_limit(50ms));
    on.get("/endless", stream_endlessly);
  });
  raw_client client(server.port());
  client.send(get_request("/endless"));
  client.take(1 << 20);
  server.stop(1h); // returns when the request is over
  CHECK(server.by.cancelled({{"reason", "timeout"}, {"phase", "write"}}) == 1);
  CHECK(server.by.cancelled() == 1);
  CHECK(client.at_end());
}

TEST_CASE("life: a limit that is over leaves the rest of the connection alone", "[beast][life]") {
  running_server server([](weir::http_server& on) {
    on.use(weir::time_limit(10s));
    on.get("/parts", [](http_request&, http_response& out) -> task {
      if (!co_await out.start(3)) co_await out.write(boost::asio::buffer("abc", 3));
    });
  });
  raw_client client(server.port());
  std::string all;
  for (int i = 0; i < 50; ++i) all += get_request("/parts");
  client.send(all);
  int good = 0;
  for (int i = 0; i < 50; ++i) good += client.read().body == "abc";
  CHECK(good == 50);
}
