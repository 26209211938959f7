// Access records in the notation of Apache's LogFormat.
#include "sent.hpp"

#include "weir/http.hpp"
#include "weir/log.hpp"
#include "weir/testing/capturing_sink.hpp"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

using weir_test::begin_with;

namespace {

/// A request that was answered, by a line of that format.
class answered {
 public:
  explicit answered(std::string_view format)
      : sink_(std::make_shared<weir::testing::capturing_sink>(weir::as_access_line(format, weir::pattern_time::utc))),
        stream_({.sinks = {sink_}}) {}

  std::string line(std::string_view target = "/a?b=1", const weir_test::sent& headers = {}, unsigned status = 200) {
    weir::metrics_registry registry;
    weir::observer_options options{.metrics = &registry, .access_log = &stream_.get_logger("access")};
    options.access.headers = {"Referer", "User-Agent", "X-Tenant"};
    weir::request_observer observer(options);
    weir::exchange exchange(observer);
    begin_with(exchange, headers,
               {.method = "GET",
                .target = target,
                .peer = "203.0.113.9",
                .received = std::chrono::steady_clock::now() - std::chrono::milliseconds(2500)});
    exchange.set_route("/{name}");
    exchange.add_request_bytes(7);
    if (status != 0) {
      exchange.response_started(status);
      exchange.add_response_bytes(status == 200 ? 2326 : 0);
      exchange.response_completed();
    } else {
      exchange.cancel(weir::cancel_reason::client_closed);
    }
    exchange.finish();
    stream_.flush();
    return sink_->lines().back();
  }
  weir::log_stream& stream() { return stream_; }
  std::string last_line() {
    stream_.flush();
    return sink_->lines().back();
  }

 private:
  std::shared_ptr<weir::testing::capturing_sink> sink_;
  weir::log_stream stream_;
};

std::string refused(std::string_view format) {
  try {
    weir::as_access_line(format);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "taken";
}

} // namespace

TEST_CASE("access line: the Combined Log Format", "[http]") {
  answered request(weir::combined_log_format);
  const std::string line = request.line("/a?b=1&token=x", {{"Referer", "http://a/"}, {"User-Agent", "curl/7.88"}});
  const auto date_begin = line.find('['), date_end = line.find(']');
  REQUIRE(date_end - date_begin == 27);
  CHECK(line.substr(0, date_begin) == "203.0.113.9 - - ");
  CHECK(line.substr(date_begin + 21, 6) == " +0000");
  CHECK(line.substr(date_end + 1) == R"( "GET /a?b=1&token=REDACTED HTTP/1.1" 200 2326 "http://a/" "curl/7.88")");
  const std::string bare = request.line("/", {}, 304);
  CHECK(bare.substr(bare.find(']') + 1) == R"( "GET / HTTP/1.1" 304 - "-" "-")");
}

TEST_CASE("access line: each directive", "[http]") {
  struct {
    std::string_view format, expected;
  } const cases[] = {
      {"%h %a %l %u", "203.0.113.9 203.0.113.9 - -"},
      {"%m %U %q %H", "GET /a ?b=1 HTTP/1.1"},
      {"%r", "GET /a?b=1 HTTP/1.1"},
      {"%s %>s %<s", "200 200 200"},
      {"%b %B %I", "2326 2326 7"},
      {"%R", "/{name}"},
      {"%T %{s}T", "2 2"},
      {"%{X-Tenant}i %{Nobody}i", "blue -"},
      {"%{outcome}n %{nothing}n", "completed -"},
      {"100%%", "100%"},
      {"", ""},
  };
  for (const auto& [format, expected] : cases)
    CHECK(answered(format).line("/a?b=1", {{"X-Tenant", "blue"}}) == expected);
  CHECK(answered("%q|").line("/a") == "|");
  CHECK(answered("%D").line().size() == 7);
  CHECK(answered("%{us}T").line().size() == 7);
  CHECK(answered("%{ms}T").line().size() == 4);
  CHECK(answered("%{trace_id}n %{span_id}n").line().size() == 32 + 1 + 16);
}

TEST_CASE("access line: the time zone is that of when the renderer was made", "[http]") {
  const char* const given = std::getenv("TZ");
  const std::string before = given == nullptr ? "" : given;
  ::setenv("TZ", "XYZ-5", 1);
  const auto lines = weir::memory_sink({}, weir::as_access_line("%t"));
  given == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", before.c_str(), 1);
  weir::log_stream stream({.sinks = {lines}});
  stream.get_logger("access").info("x");
  stream.flush();
  ::tzset();
  CHECK(lines->snapshot().at(0).ends_with(" +0500]"));
}

TEST_CASE("access line: durations are cut, in every unit", "[http]") {
  const auto lines = weir::memory_sink({}, weir::as_access_line("%D %{ms}T %T"));
  weir::log_stream stream({.sinks = {lines}});
  for (const double seconds : {0.984, 0.985, 0.999985, 0.999999, 1.0, 1.984999, 1.99, 0.000985, 0.01099, 0.000001})
    stream.get_logger("access").info("x", weir::field<"duration_s">(seconds));
  stream.flush();
  CHECK(lines->snapshot() == std::vector<std::string>{"984000 984 0", "985000 985 0", "999985 999 0", "999999 999 0",
                                                      "1000000 1000 1", "1984999 1984 1", "1990000 1990 1", "985 0 0",
                                                      "10990 10 0", "1 0 0"});
}

TEST_CASE("access line: a client that left before there was a status has 499", "[http]") {
  CHECK(answered("%>s %{error.type}n").line("/", {}, 0) == "499 client_closed");
}

TEST_CASE("access line: a value ends where its quotes do, and a line is one line", "[http]") {
  answered request(R"("%{User-Agent}i")");
  CHECK(request.line("/", {{"User-Agent", R"(a"b\c)"}}) == R"("a\"b\\c")");
  CHECK(request.line("/", {{"User-Agent", "a\nb\r\t\x1b[31m\x7f"}}) == R"("a\nb\r\t\x1b[31m\x7f")");
  CHECK(request.line("/", {{"User-Agent", "\xc2\x85 \xe2\x80\xa8 \xe9"}}) == R"("\u0085 \u2028 \xe9")");
  CHECK(request.line("/", {{"User-Agent", "\xff\xe4\xb8\xad"}}) == "\"\\xff\xe4\xb8\xad\"");
  CHECK(request.line("/", {{"User-Agent", "\\"}}) == R"("\\")");
}

TEST_CASE("access line: other records have their message in the request's place", "[http]") {
  answered request(weir::common_log_format);
  WEIR_INFO(request.stream().get_logger("access"), "not a \"request\"");
  const std::string line = request.last_line();
  CHECK(line.substr(0, 7) == "- - - [");
  CHECK(line.substr(line.find(']') + 1) == R"( "not a \"request\"" - -)");
}

TEST_CASE("access line: what is not a format is refused, with the place", "[http]") {
  CHECK(refused("%h %Z") == "access line format '%h %Z': unknown directive '%Z' at 3");
  CHECK(refused("a%") == "access line format 'a%': a directive without its letter at 1");
  CHECK(refused("%{a") == "access line format '%{a': a brace that is not closed at 0");
  CHECK(refused("%{}i") == "access line format '%{}i': an empty name at 0");
  CHECK(refused("%{a}Z") == "access line format '%{a}Z': unknown directive '%{a}Z' at 0");
  CHECK(refused("%{hours}T") == "access line format '%{hours}T': a unit other than us, ms, s at 0");
}

TEST_CASE("access line: a format that would make two lines of one, or no text, is refused", "[http]") {
  const std::string why = "a control character, line separator or broken UTF-8 at 1";
  CHECK(refused("a\nb") == "access line format 'a\\nb': " + why);
  CHECK(refused("a\x7f") == "access line format 'a\\x7f': " + why);
  CHECK(refused("a\xc2\x85") == "access line format 'a\\u0085': " + why);
  CHECK(refused("a\xe2\x80\xa8") == "access line format 'a\\u2028': " + why);
  CHECK(refused("a\xff") == "access line format 'a\\xff': " + why);
}
