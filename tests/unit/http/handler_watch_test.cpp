// Handlers that go on though nobody waits for them any more. Waits for looks, which come every 20 ms here.
#include "observed.hpp"
#include "sent.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir_test::begin_with;
using weir_test::json_member;
using weir_test::observed;

namespace {

/// An observer that looks often, and logs to its own stream.
class watched : public observed {
 public:
  watched() : observed({.ignored_after = 5ms}) {}
  weir::observer_options options() {
    return {.metrics = &registry,
            .access_log = &stream.get_logger("access"),
            .ignored_after = 5ms,
            .log = &stream.get_logger("weir.http")};
  }
  double stuck() const { return sum("weir_handlers_stuck"); }
  bool stuck_becomes(double wanted) const {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (stuck() != wanted && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
    return stuck() == wanted;
  }
};

void begin_handler(weir::exchange& exchange) {
  begin_with(exchange, {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}},
             {.target = "/slow/7"});
  exchange.set_route("/slow/{id}");
  exchange.handler_started();
}

} // namespace

TEST_CASE("handlers: one that goes on after its request was cancelled is named, once, and counted while it does",
          "[http][concurrent]") {
  watched server;
  weir::request_observer observer(server.options());
  weir::exchange exchange(observer);
  begin_handler(exchange);
  exchange.cancel(weir::cancel_reason::client_closed);
  CHECK(server.stuck_becomes(1));
  CHECK(observer.under_way(1).at(0).stuck);
  std::this_thread::sleep_for(50ms); // two looks more
  exchange.handler_returned();
  CHECK(server.stuck_becomes(0));
  const auto lines = server.lines_of("weir.http");
  REQUIRE(lines.size() == 1);
  CHECK(json_member(lines[0], "level") == "warn");
  CHECK(json_member(lines[0], "message") == "GET /slow/7 goes on though its request has ended: client_closed");
  CHECK(json_member(lines[0], "http.route") == "/slow/{id}");
  CHECK(json_member(lines[0], "error.type") == "client_closed");
  CHECK(json_member(lines[0], "trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(std::stod(json_member(lines[0], "since_end_s")) >= 0.005);
  CHECK(std::stod(json_member(lines[0], "running_s")) >= 0.005);

  // The next request on the connection is named anew.
  begin_handler(exchange);
  exchange.cancel(weir::cancel_reason::client_reset);
  CHECK(server.stuck_becomes(1));
  exchange.finish();
  CHECK(server.stuck_becomes(0));
  CHECK(server.lines_of("weir.http").size() == 2);
}

TEST_CASE("handlers: a limit that was put on the handler counts, and the deadline of the request",
          "[http][concurrent]") {
  watched server;
  auto options = server.options();
  SECTION("of the handler") {
    weir::request_observer observer(options);
    weir::exchange exchange(observer);
    begin_handler(exchange);
    const auto limited = weir::with_timeout(exchange.ctx(), 1ms);
    exchange.handler_works_under(limited.ctx);
    CHECK(server.stuck_becomes(1));
    exchange.handler_works_under(exchange.ctx());
    CHECK(server.stuck_becomes(0));
  }
  SECTION("of the request") {
    options.default_deadline = 1ms;
    weir::request_observer observer(options);
    weir::exchange exchange(observer);
    begin_handler(exchange);
    CHECK(server.stuck_becomes(1));
  }
  SECTION("of all") {
    auto base = weir::with_cancel(weir::background());
    options.base = base.ctx;
    weir::request_observer observer(options);
    weir::exchange exchange(observer);
    begin_handler(exchange);
    base.cancel(weir::cancel_reason::shutdown);
    CHECK(server.stuck_becomes(1));
  }
  CHECK(server.stuck() == 0); // the observer has gone
}

TEST_CASE("handlers: those that return in time, or whose request goes on, are not named", "[http][concurrent]") {
  watched server;
  auto options = server.options();
  options.ignored_after = 10min;
  {
    weir::request_observer observer(options);
    weir::exchange cancelled(observer);
    begin_handler(cancelled);
    cancelled.cancel(weir::cancel_reason::client_closed);
  }
  weir::request_observer observer(server.options());
  weir::exchange under_way(observer), returned(observer), read(observer);
  begin_handler(under_way);
  begin_handler(returned);
  returned.cancel(weir::cancel_reason::client_closed);
  returned.handler_returned();
  begin_with(read, {});
  read.cancel(weir::cancel_reason::client_closed);
  std::this_thread::sleep_for(100ms);
  CHECK(server.stuck() == 0);
  CHECK(server.lines_of("weir.http").empty());
}

TEST_CASE("handlers: connections come and go, and requests end, while they are looked at", "[http][concurrent]") {
  watched server;
  weir::request_observer observer(server.options());
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        weir::exchange exchange(observer);
        for (int request = 0; request < 50 && !stop; ++request) {
          begin_handler(exchange);
          const auto limited = weir::with_cancel(exchange.ctx());
          exchange.handler_works_under(limited.ctx);
          if (request % 3 == 0) exchange.cancel(weir::cancel_reason::client_closed);
          if (request == 40) std::this_thread::sleep_for(30ms);
          exchange.handler_works_under(exchange.ctx());
          weir_test::complete(exchange);
        }
      }
    });
  std::this_thread::sleep_for(300ms);
  stop = true;
  for (auto& each : threads) each.join();
  CHECK(server.stuck_becomes(0));
}

TEST_CASE("handlers: those that run are listed, the longest first, and those whose requests have ended say so",
          "[http]") {
  observed server;
  weir::exchange idle(server.observer), first(server.observer), second(server.observer);
  begin_handler(first);
  second.begin({.method = "POST", .target = "/orders?token=1"});
  second.handler_started();
  auto running = server.observer.under_way(10);
  REQUIRE(running.size() == 2);
  CHECK(running[0].method == "GET");
  CHECK(running[0].path == "/slow/7");
  CHECK(running[0].route == "/slow/{id}");
  CHECK(running[0].ids.span_id == first.facts().trace.span.value);
  CHECK(running[0].running >= running[1].running);
  CHECK(running[0].since_end < 0ns);
  CHECK_FALSE(running[0].stuck);
  CHECK(running[1].path == "/orders");

  second.cancel(weir::cancel_reason::client_reset);
  first.handler_returned();
  running = server.observer.under_way(10);
  REQUIRE(running.size() == 1);
  CHECK(running[0].reason == weir::cancel_reason::client_reset);
  CHECK(running[0].since_end >= 0ns);
  CHECK_FALSE(running[0].stuck);
  CHECK(server.observer.under_way(0).empty());
}

TEST_CASE("observer: whoever asks for it is told of each finished request, once", "[http]") {
  std::vector<std::string> told;
  {
    observed server({.on_finished = [&](const weir::exchange_record& facts) {
      told.push_back(facts.path + " " + std::string(to_string_view(facts.outcome)));
    }});
    weir::exchange exchange(server.observer);
    begin_handler(exchange);
    exchange.response_started(200);
    exchange.response_completed();
    exchange.finish();
    exchange.finish();
    begin_handler(exchange);
    exchange.cancel(weir::cancel_reason::client_closed);
  }
  CHECK(told == std::vector<std::string>{"/slow/7 completed", "/slow/7 cancelled"});
}
