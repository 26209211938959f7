// Which headers of a request are kept, by name and by the observer's options.
#include "weir/http/request_headers.hpp"

#include "sent.hpp"
#include "weir/http/observer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace {

weir::observer_options with_registry(weir::metrics_registry& registry, weir::observer_options options = {}) {
  options.metrics = &registry;
  return options;
}

/// What is kept of one header of this name.
bool is_kept(const weir::request_observer& observer, std::string_view name) {
  weir::request_headers headers(observer);
  headers.take(name, "value");
  return headers.has(~0U);
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

constexpr std::array<std::string_view, 12> all_names{
    "traceparent",  "tracestate",        "baggage",      "b3",         "x-b3-traceid", "x-b3-spanid",
    "x-b3-sampled", "x-b3-parentspanid", "x-request-id", "x-b3-flags", "grpc-timeout", "x-request-timeout-ms"};

} // namespace

TEST_CASE("http: all known headers are kept, in upper and lower case, and nothing else", "[http][headers]") {
  weir::metrics_registry registry;
  const weir::request_observer observer(with_registry(registry));
  for (const std::string_view name : all_names) {
    CAPTURE(name);
    CHECK(is_kept(observer, name));
    CHECK(is_kept(observer, upper(name)));
    CHECK_FALSE(is_kept(observer, std::string(name) + "x"));
    CHECK_FALSE(is_kept(observer, std::string(64, name.front()) + std::string(name)));
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string other(name);
      other[i] = other[i] == 'q' ? 'p' : 'q';
      CHECK_FALSE(is_kept(observer, other));
    }
  }
  for (const std::string_view name : {"", "Host", "User-Agent", "Connection", "Content-Type", "Referer", "b4",
                                      "X-Forwarded-Proto", "X-Correlation-ID", "Transfer-Encoding"}) {
    CAPTURE(name);
    CHECK_FALSE(is_kept(observer, name));
  }
}

TEST_CASE("http: what the options do not ask for is not kept", "[http][headers]") {
  weir::metrics_registry registry;
  struct example {
    weir::observer_options options;
    std::vector<std::string_view> not_kept;
  };
  const example examples[]{
      {{.accept_b3 = false},
       {"b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-parentspanid", "x-b3-flags"}},
      {{.trust_callers = false}, {"tracestate", "baggage", "x-request-id"}},
      {{.request_ids = weir::request_id_policy::none}, {"x-request-id"}},
      {{.deadline_header = ""}, {"grpc-timeout", "x-request-timeout-ms"}},
      {{.deadline_header = "Connect-Timeout-Ms"}, {"x-request-timeout-ms"}},
  };
  for (const example& each : examples) {
    const weir::request_observer observer(with_registry(registry, each.options));
    for (const std::string_view name : all_names) {
      CAPTURE(name);
      CHECK(is_kept(observer, name) != (std::ranges::count(each.not_kept, name) == 1));
    }
  }
  const weir::request_observer renamed(with_registry(registry, {.deadline_header = "Connect-Timeout-Ms"}));
  CHECK(is_kept(renamed, "connect-timeout-ms"));
}

TEST_CASE("http: a header given twice counts as its kind has it", "[http][headers]") {
  weir::metrics_registry registry;
  const weir::request_observer observer(with_registry(registry));
  weir::request_headers headers(observer);
  for (const std::string_view value : {"1", "2", "3"})
    for (const std::string_view name : all_names) headers.take(name, value);
  CHECK(headers.trace().traceparents.size() == 2);
  CHECK(headers.trace().tracestates.size() == 3);
  CHECK(headers.trace().b3.single == "1");
  CHECK(headers.trace().b3.flags == "1");
  CHECK(headers.baggages().size() == 3);
  CHECK(headers.baggages().back() == "3");
  CHECK(headers.request_id() == "1");
  CHECK(headers.deadline() == "1");
  CHECK(headers.grpc_timeout() == "1");
  for (int i = 0; i < 100; ++i) headers.take("baggage", "more");
  CHECK(headers.baggages().size() == 64);
}

namespace {

/// Of a request with these values, each in a header of its own, among them some that are empty.
struct lists_read {
  explicit lists_read(const std::vector<std::string>& values) {
    weir::metrics_registry registry;
    const weir::request_observer observer(with_registry(registry));
    weir::request_headers headers(observer);
    headers.take("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    for (const std::string& value : values) {
      headers.take("TraceState", value);
      headers.take("Baggage", value);
    }
    state = weir::make_server_span(headers.trace()).state;
    carried = weir::parse_baggage(headers.baggages()).kept;
  }
  weir::tracestate state;
  weir::baggage carried;
};

std::vector<std::string> members(std::size_t count) {
  std::vector<std::string> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back("key" + std::to_string(i) + "=value");
  return made;
}

} // namespace

// From the 17th on they were lost, and nobody told.
TEST_CASE("http: tracestate and baggage may have each member in a header of its own", "[http][headers]") {
  for (const std::size_t count : {1U, 4U, 5U, 16U, 17U, 32U, 33U, 64U, 65U}) {
    CAPTURE(count);
    const lists_read read(members(count));
    CHECK(read.state.size() == (count <= 32 ? count : 0)); // more make it worth nothing
    CHECK(read.carried.size() == std::min<std::size_t>(count, 64));
    CHECK(read.carried.find("key" + std::to_string(read.carried.size() - 1)).has_value());
  }
}

TEST_CASE("http: a bad member of tracestate is noticed in any header", "[http][headers]") {
  for (const std::size_t before : {3U, 4U, 16U, 31U}) {
    auto values = members(before);
    values.emplace_back("BAD");
    CHECK(lists_read(values).state.empty());
  }
}

TEST_CASE("http: headers of tracestate and baggage that are empty do not count", "[http][headers]") {
  std::vector<std::string> values;
  for (int i = 0; i < 100; ++i) values.emplace_back(i % 2 == 0 ? "" : " ,\t");
  values.emplace_back("key=value");
  const lists_read read(values);
  CHECK(read.state.text() == "key=value");
  CHECK(read.carried.to_header() == "key=value");
}

TEST_CASE("http: an option of the observer's that is out of range is named", "[http][headers]") {
  using namespace std::chrono_literals;
  using Catch::Contains;
  const std::string too_long(64, 'x');
  CHECK_THROWS_WITH(weir::request_observer({.deadline_header = "a b"}), Contains("'a b'"));
  CHECK_THROWS_WITH(weir::request_observer({.deadline_header = too_long}), Contains(too_long));
  CHECK_THROWS_WITH(weir::request_observer({.deadline_header = "Traceparent"}), Contains("'Traceparent'"));
  CHECK_THROWS_WITH(weir::request_observer({.deadline_header = "grpc-timeout"}), Contains("'grpc-timeout'"));
  CHECK_THROWS_WITH(weir::request_observer({.largest_deadline = 0ms}), Contains("largest_deadline is 0 ms"));
  CHECK_THROWS_WITH(weir::request_observer({.largest_deadline = 25h}), Contains("largest_deadline is 90000000 ms"));
  CHECK_THROWS_WITH(weir::request_observer({.default_deadline = -1ms}), Contains("default_deadline is -1 ms"));
  CHECK_THROWS_WITH(weir::request_observer({.default_deadline = 25h}), Contains("default_deadline is 90000000 ms"));
}
