// Which requests the access log says nothing of, and how it says for how many.
#include "observed.hpp"
#include "sent.hpp"

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir_test::begin_with;
using weir_test::complete;
using weir_test::json_member;
using weir_test::observed;

TEST_CASE("access log: who sends rubbish does not fill it", "[http]") {
  constexpr int requests = 200;
  weir::observer_options options;
  options.access.most_protocol_errors = 1;
  observed server(options);
  weir::exchange exchange(server.observer);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < requests; ++i) {
    begin_with(exchange, {});
    exchange.protocol_error("rubbish");
    exchange.response_started(400);
    exchange.finish();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  CHECK(static_cast<double>(server.access_lines().size()) <= took.count() + 1);
  CHECK(server.finished({{"error_type", "protocol_error"}}) == requests);
}

TEST_CASE("access log: what is left out and no record stands for, the log says when it ends", "[http]") {
  constexpr int requests = 50;
  weir::observer_options options;
  options.access.most_protocol_errors = 1;
  options.access.ordinary_ratio = 0;
  const auto sink = std::make_shared<weir::testing::capturing_sink>(weir::as_json());
  weir::log_stream stream({.sinks = {sink}});
  weir::metrics_registry registry;
  options.access_log = &stream.get_logger("access");
  options.metrics = &registry;
  auto observer = std::make_unique<weir::request_observer>(options);
  {
    weir::exchange exchange(*observer);
    for (int i = 0; i < requests; ++i) {
      begin_with(exchange, {});
      exchange.protocol_error("rubbish");
      exchange.finish();
      begin_with(exchange, {});
      complete(exchange);
    }
  }
  stream.flush();
  const auto stats = stream.stats();
  CHECK(stats.suppressed == 2 * requests - stats.accepted);
  observer.reset(); // which the stream may still hold something of
  stream.close(1min);
  int told = 0, said = 0;
  for (const std::string& line : sink->lines()) {
    if (json_member(line, "logger") != "weir") {
      const std::string held = json_member(line, "sampling.suppressed");
      told += held == "(absent)" ? 1 : 1 + std::atoi(held.c_str());
      continue;
    }
    ++said;
    const std::string count = json_member(line, "suppressed"), text = json_member(line, "message");
    told += std::atoi(count.c_str());
    const bool ordinary = text.find("ordinary") != text.npos;
    CHECK(json_member(line, "level") == (ordinary ? "info" : "warn"));
    CHECK(text == count + " records suppressed since the last one of the access log's " +
                      (ordinary ? "ordinary" : "broken") + " requests");
    CHECK(json_member(line, "code.line.number") == "(absent)");
  }
  CHECK(told == 2 * requests);
  CHECK(said == 2);
}

TEST_CASE("access log: of the ordinary requests only a part is logged, and says for how many it stands", "[http]") {
  constexpr int requests = 1000;
  weir::observer_options options;
  options.access.ordinary_ratio = 0.25;
  observed server(options);
  weir::exchange exchange(server.observer);
  for (int i = 0; i < requests; ++i) {
    begin_with(exchange, {});
    complete(exchange);
  }
  begin_with(exchange, {});
  exchange.response_started(404);
  exchange.response_completed();
  exchange.finish();
  const auto lines = server.access_lines();
  CHECK(lines.size() > requests / 8);
  CHECK(lines.size() < requests / 2);
  CHECK(json_member(lines.back(), "http.response.status_code") == "404");
  int told = 0;
  for (const std::string& line : lines)
    if (const std::string held = json_member(line, "sampling.suppressed"); held != "(absent)")
      told += std::atoi(held.c_str());
  const int since_the_last = requests - static_cast<int>(lines.size()) + 1 - told;
  CHECK(since_the_last >= 0);
  CHECK(since_the_last < 200);
  CHECK(server.finished() == requests + 1);
}

TEST_CASE("access log: of one trace all requests are logged, or none", "[http]") {
  weir::observer_options options;
  options.access.ordinary_ratio = 0.5;
  observed server(options);
  weir::exchange exchange(server.observer);
  for (int trace = 1; trace <= 64; ++trace)
    for (int i = 0; i < 3; ++i) {
      begin_with(exchange, {{"traceparent", fmt::format("00-{:032x}-00f067aa0ba902b7-01", trace)}});
      complete(exchange);
    }
  const auto lines = server.access_lines();
  CHECK(lines.size() % 3 == 0);
  CHECK(lines.size() > 0);
  CHECK(lines.size() < 192);
  for (std::size_t i = 0; i + 2 < lines.size(); i += 3)
    CHECK(json_member(lines[i], "trace_id") == json_member(lines[i + 2], "trace_id"));
}
