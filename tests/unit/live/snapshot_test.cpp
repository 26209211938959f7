// What viewers of the live page are sent.
#include "weir/live.hpp"

#include "http/observed.hpp"
#include "slow_requests.hpp"
#include "visit.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace weir_test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// A server's set-up without the server.
struct watched_server {
  weir::metrics_registry registry;
  weir::live_page page;
  weir::log_stream stream;
  weir::request_observer observer;
  visit who;

  explicit watched_server(weir::live_options options = {})
      : page(complete(std::move(options))),
        stream({.sinks = {page.log_sink()}, .recorder = weir::recorder_options{}}),
        observer({.metrics = &registry,
                  .access_log = &stream.get_logger("access"),
                  .recorder = &stream,
                  .on_finished = page.on_finished()}) {
    page.show(stream, observer);
  }
  weir::live_options complete(weir::live_options options) {
    options.metrics = &registry;
    options.interval = 100ms;
    return options;
  }
  void answer(weir::exchange& exchange, std::string_view target, unsigned status) {
    exchange.begin({.method = "GET", .target = target});
    exchange.set_route("/orders/{id}");
    exchange.handler_started();
    exchange.handler_returned();
    exchange.response_started(status);
    exchange.response_completed();
    exchange.finish();
  }
};

/// The next snapshot, when its time has come.
std::shared_ptr<const std::string> next_snapshot(weir::live_viewer& viewer) {
  auto text = viewer.next();
  while (text != nullptr && text->starts_with(':')) {
    std::this_thread::sleep_for(viewer.until_next());
    text = viewer.next();
  }
  return text;
}

} // namespace

TEST_CASE("live snapshot: it has the sums of the metrics, whatever their series", "[live]") {
  watched_server server;
  weir::exchange exchange(server.observer), under_way(server.observer);
  server.answer(exchange, "/orders/1", 200);
  server.answer(exchange, "/orders/2", 404);
  server.answer(exchange, "/orders/3", 500);
  exchange.begin({.method = "POST", .target = "/orders"});
  exchange.handler_started();
  exchange.cancel(weir::cancel_reason::client_reset);
  exchange.finish();
  under_way.begin({.method = "GET", .target = "/orders/4?secret=1"});
  under_way.handler_started();
  server.stream.flush();

  weir::live_viewer viewer(server.page, server.who.visitor());
  REQUIRE(viewer);
  const std::string text = *viewer.next();
  CAPTURE(text);
  CHECK_THAT(text, Catch::StartsWith("id: 1\nretry: ") && Catch::EndsWith("]}\n\n"));
  CHECK_THAT(text, Contains(R"("total":4,"failed":1,)") && Contains(R"("status":[1,0,1,0,1,1])"));
  CHECK_THAT(text, Contains(R"("active":1,"stuck":0)") && Contains(R"("client_reset":[0,1,0])"));
  CHECK_THAT(text, Contains(R"("under_way":[{"method":"GET","path":"/orders/4",)") && !Contains("secret"));
  CHECK_THAT(text, Contains(R"("accepted":4,"written":4,)"));
  CHECK_THAT(text, Contains("GET /orders/3 500") && Contains(R"("path":"/orders/3","route":"/orders/{id}")"));
}

TEST_CASE("live snapshot: what failed is what the dashboards call so", "[live]") {
  watched_server server;
  auto& durations = server.registry.add(weir::metric_names::http_server_request_duration);
  const auto finished = [&](std::string_view status, std::string_view error) {
    durations.with({"GET", "http", "/orders", status, error, "1.1"}).observe(0.1);
  };
  for (const char* error : {"exception", "UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
                            "DATA_LOSS", "client_closed", "NOT_FOUND", ""})
    finished("200", error);
  finished("503", "timeout");
  finished("404", "404");
  finished("", "exception");
  finished("", "client_reset");
  weir::live_viewer viewer(server.page, server.who.visitor());
  CHECK_THAT(*viewer.next(), Contains(R"("total":14,"failed":9,)"));
}

TEST_CASE("live snapshot: the page's own requests are none that it shows", "[live]") {
  watched_server server;
  weir::exchange own(server.observer), other(server.observer);
  for (const char* path : {"/weir", "/weir/events"}) {
    own.begin({.method = "GET", .target = path});
    own.set_route(path);
    own.handler_started();
    own.response_started(503);
    own.cancel(weir::cancel_reason::client_closed);
    own.handler_returned();
    own.finish();
  }
  own.begin({.method = "GET", .target = "/weir/events?token=x"});
  own.set_route("/weir/events");
  own.handler_started();
  other.begin({.method = "GET", .target = "/orders/1"});
  other.handler_started();
  weir::live_viewer viewer(server.page, server.who.visitor());
  const std::string text = *viewer.next();
  CAPTURE(text);
  CHECK_THAT(text, Contains(R"("total":0,"failed":0,)") && Contains(R"("status":[0,0,0,0,0,0])"));
  CHECK_THAT(text, Contains(R"("active":1,)") && Contains(R"("client_closed":[0,0,0])"));
  CHECK_THAT(text, Contains(R"("stopped":0,)") && Contains(R"("under_way":[{"method":"GET","path":"/orders/1",)"));
}

TEST_CASE("live snapshot: totals stay when series expire", "[live]") {
  weir::metrics_registry registry;
  auto& durations = registry.add(weir::metric_names::http_server_request_duration, {.idle_after = 1ms});
  weir::live_page page({.metrics = &registry, .interval = 100ms});
  weir::request_observer observer({.metrics = &registry});
  weir::exchange exchange(observer);
  exchange.begin({.method = "GET", .target = "/"});
  exchange.response_started(200);
  exchange.response_completed();
  exchange.finish();
  while (!durations.collect().series.empty()) std::this_thread::yield();
  visit who;
  weir::live_viewer viewer(page, who.visitor());
  CHECK_THAT(*viewer.next(), Contains(R"("total":1,)"));
}

TEST_CASE("live snapshot: the page leaves it to the observer how many series there may be", "[live]") {
  weir::metrics_registry registry;
  const weir::live_page page({.metrics = &registry});
  weir::request_observer observer({.metrics = &registry, .max_series = 2});
  weir::exchange exchange(observer);
  for (const char* route : {"/a", "/b", "/c"})
    for (const unsigned status : {200U, 500U}) {
      exchange.begin({.method = "GET", .target = "/"});
      exchange.set_route(route);
      exchange.response_started(status);
      exchange.response_completed();
      exchange.finish();
    }
  const auto durations = registry.add(weir::metric_names::http_server_request_duration).collect();
  REQUIRE(durations.series.size() == 4);
  // Which requests failed is still told.
  CHECK(durations.series[2].label_values == std::vector<std::string>{"GET", "http", "_overflow", "200", "", "1.1"});
  CHECK(durations.series[3].label_values ==
        std::vector<std::string>{"GET", "http", "_overflow", "500", "500", "1.1"});
  CHECK_THROWS_WITH(weir::request_observer({.metrics = &registry, .max_series = 0}), Contains("max_series is 0"));
}

TEST_CASE("live snapshot: one is made for all who look, and what is new for those who have the one before",
          "[live]") {
  watched_server server;
  weir::live_viewer first(server.page, server.who.visitor()), second(server.page, server.who.visitor());
  weir::exchange exchange(server.observer);
  server.answer(exchange, "/early", 200);
  server.stream.flush();
  const auto begin = first.next();
  CHECK(second.next() == begin);
  CHECK_THAT(*begin, Contains("GET /early 200") && Contains(R"("viewers":2)") && Contains(R"("slow":[{)"));
  // Nothing is made before its time.
  if (const auto early = first.next(); early->starts_with(':')) CHECK(*early == ": nothing new\n\n");

  server.answer(exchange, "/late", 200);
  server.stream.flush();
  const auto news = next_snapshot(first);
  CHECK_THAT(*news, Contains("GET /late 200") && !Contains("GET /early 200"));
  const auto newest = next_snapshot(first);
  CHECK_THAT(*newest, Contains(R"("records":[])") && !Contains(R"("slow":)"));
  // Who was busy reading meanwhile has skipped one, and gets all there is.
  CHECK_THAT(*second.next(), Contains("GET /early 200") && Contains("GET /late 200"));
}

TEST_CASE("live snapshot: without a viewer none is made, and a page that is closed has no more", "[live]") {
  watched_server server;
  {
    weir::live_viewer viewer(server.page, server.who.visitor());
    CHECK_THAT(*viewer.next(), Catch::StartsWith("id: 1\n"));
  }
  std::this_thread::sleep_for(250ms); // two intervals in which one might be made
  weir::live_viewer viewer(server.page, server.who.visitor());
  CHECK_THAT(*viewer.next(), Catch::StartsWith("id: 2\n"));
  server.page.close();
  CHECK(viewer.next() == nullptr);
  const weir::live_viewer late(server.page, server.who.visitor());
  CHECK(late.answer().status == 503);
}

TEST_CASE("live snapshot: the slowest requests come with what the flight recorder kept, and none of the page's own",
          "[live]") {
  watched_server server({.slow_requests = 2});
  weir::exchange exchange(server.observer);
  weir::logger& app = server.stream.get_logger("app");
  exchange.begin({.method = "GET", .target = "/first\"<b>"});
  exchange.handler_started();
  {
    const weir::context_scope under(exchange.ctx());
    app.debug("looking for {}", 7);
  }
  exchange.response_started(500);
  exchange.response_completed();
  std::this_thread::sleep_for(5ms); // what makes it slow
  exchange.finish();
  for (int i = 0; i < 5; ++i) server.answer(exchange, "/quick", 200);
  exchange.begin({.method = "GET", .target = "/weir/events"});
  std::this_thread::sleep_for(5ms);
  exchange.finish();
  server.stream.flush();
  weir::live_viewer viewer(server.page, server.who.visitor());
  const std::string text = *viewer.next();
  const std::string slow = text.substr(text.find("\"slow\":"), text.find("\"records\":") - text.find("\"slow\":"));
  CAPTURE(slow);
  CHECK_THAT(slow, Contains(R"("path":"/first\"<b>")") && Contains("looking for 7") && Contains(R"("status":500)"));
  CHECK_THAT(slow, !Contains("/weir/events"));
  CHECK(slow.find("/first") < slow.find("/quick"));
  std::size_t entries = 0;
  for (auto at = slow.find("\"seconds\":"); at != slow.npos; at = slow.find("\"seconds\":", at + 1)) ++entries;
  CHECK(entries == 2);
}

TEST_CASE("live snapshot: requests that go wrong at the same time each keep their lines", "[live]") {
  watched_server server;
  weir::exchange one(server.observer), other(server.observer);
  one.begin({.method = "GET", .target = "/one"});
  other.begin({.method = "GET", .target = "/other"});
  weir::logger& app = server.stream.get_logger("app");
  constexpr int lines = 10;
  for (int i = 0; i < lines; ++i) {
    {
      const weir::context_scope under(one.ctx());
      app.debug("one's {}", i);
    }
    const weir::context_scope under(other.ctx());
    app.debug("other's {}", i);
  }
  // From two threads, whose records are merged by time.
  std::jthread([&] { one.finish(); }).join();
  std::jthread([&] { other.finish(); }).join();
  server.stream.flush();
  weir::live_viewer viewer(server.page, server.who.visitor());
  const std::string text = *viewer.next();
  const std::string slow = text.substr(text.find("\"slow\":"), text.find("\"records\":") - text.find("\"slow\":"));
  for (int i = 0; i < lines; ++i)
    CHECK_THAT(slow, Contains("one's " + std::to_string(i)) && Contains("other's " + std::to_string(i)));
}

TEST_CASE("live slow requests: those behind the slowest take their place when these are too old", "[live]") {
  weir::detail::slow_requests slowest(2, 10s, "/events");
  const weir::detail::log_tail log(1, 1);
  const auto start = weir::detail::slow_requests::clock::now();
  const auto finish = [&](const char* path, std::chrono::milliseconds at, std::chrono::milliseconds took) {
    weir::exchange_record facts;
    facts.path = path;
    facts.finished = start + at;
    facts.received = facts.finished - took;
    slowest.consider(facts);
  };
  const auto shown = [&](std::chrono::milliseconds at) {
    slowest.version(start + at);
    weir::text_buffer text;
    slowest.append(text, log);
    std::string paths;
    const std::string all(text.data(), text.size());
    for (auto i = all.find("\"path\":\""); i != all.npos; i = all.find("\"path\":\"", i + 1)) paths += all[i + 8];
    return paths;
  };
  finish("a", 0ms, 2000ms);
  finish("b", 0ms, 2100ms);
  for (int s = 1; s < 10; ++s) finish("c", s * 1000ms, 1500ms + s * 1ms);
  finish("d", 9900ms, 1ms);
  CHECK(shown(9900ms) == "ba");
  CHECK(shown(10'100ms) == "cc");
  CHECK(shown(18'500ms) == "cd");
  CHECK(shown(30'000ms).empty());
}

TEST_CASE("live snapshot: of many records some are shown, of each rank, and the others counted", "[live]") {
  watched_server server({.log_records = 15, .log_records_per_second = 5});
  weir::logger& app = server.stream.get_logger("app");
  app.info("broken \xff and\n</script>");
  for (int i = 0; i < 1000; ++i) app.info("ordinary {}", i);
  app.warn("important");
  app.info("{}", std::string(10'000, 'x'));
  server.stream.flush();
  weir::live_viewer viewer(server.page, server.who.visitor());
  const std::string text = *viewer.next();
  CAPTURE(text);
  CHECK_THAT(text, Contains(R"(broken \\xff and\n</script>)") && Contains("important") && Contains("ordinary 0"));
  CHECK_THAT(text, !Contains("xxxxxxxxxx"));
  // They may have been logged in two seconds.
  CHECK((text.find("\"passed_over\":9") != text.npos));
  std::size_t lines = 0;
  for (const char c : text) lines += c == '\n';
  CHECK(lines == 4); // id, retry, data, and the end: an event is as long as its lines
}

TEST_CASE("live snapshot: viewers, requests and records on threads of their own", "[live][concurrent]") {
  watched_server server({.most_viewers = 3, .log_records = 20});
  std::atomic<bool> over{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      weir::exchange exchange(server.observer);
      while (!over) server.answer(exchange, "/orders/1", 200);
    });
  threads.emplace_back([&] {
    while (!over) const weir::live_viewer comes_and_goes(server.page, server.who.visitor());
  });
  weir::live_viewer one(server.page, server.who.visitor()), other(server.page, server.who.visitor());
  std::thread reader([&] {
    while (other.next() != nullptr) std::this_thread::yield();
  });
  for (int i = 0; i < 3; ++i) CHECK(next_snapshot(one) != nullptr);
  server.page.close();
  CHECK(one.next() == nullptr);
  reader.join();
  over = true;
}
