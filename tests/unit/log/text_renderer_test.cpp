#include "weir/log/renderer.hpp"

#include "log/timestamp_text.hpp"

#include "captured_stream.hpp"
#include "well_formed.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <regex>
#include <string>

namespace {
std::string stamp(std::int64_t unix_nanoseconds) {
  weir::detail::timestamp_text text;
  weir::text_buffer out;
  weir::detail::line_writer line(out);
  text.append(line, unix_nanoseconds);
  line.yield();
  return {out.data(), out.size()};
}
} // namespace

TEST_CASE("text: a time is RFC 3339 in UTC with microseconds, rounded down", "[log][renderer]") {
  CHECK(stamp(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(stamp(1'700'000'000'123'456'999) == "2023-11-14T22:13:20.123456Z");
  CHECK(stamp(951'782'399'999'999'999) == "2000-02-28T23:59:59.999999Z");
  CHECK(stamp(951'782'400'000'000'000) == "2000-02-29T00:00:00.000000Z");
  CHECK(stamp(-1) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("text: one second after another comes out of one renderer", "[log][renderer]") {
  weir::detail::timestamp_text text;
  weir::text_buffer out;
  weir::detail::line_writer line(out);
  for (const std::int64_t ns : {1'999'999'000, 2'000'001'000, 1'000'000'000}) text.append(line, ns);
  line.yield();
  CHECK(std::string(out.data(), out.size()) ==
        "1970-01-01T00:00:01.999999Z1970-01-01T00:00:02.000001Z1970-01-01T00:00:01.000000Z");
}

TEST_CASE("text: a line is time, level, logger, message, fields, ids", "[log][renderer]") {
  captured_stream test({}, weir::as_text());
  WEIR_WARN(test.log(), "sent {} bytes", 42, weir::field<"file">("a b"), weir::field<"n">(1));
  const weir::correlation ids{0x0123456789abcdef, 0x1, 0xfeedULL};
  weir::current_correlation = &ids;
  WEIR_INFO(test.log(), "with ids");
  weir::current_correlation = nullptr;
  const auto lines = test.lines();
  REQUIRE(lines.size() == 2);
  const std::regex with_fields(
      R"re(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z warn  \[test\] sent 42 bytes file="a b" n=1)re");
  const std::regex with_ids(R"re([^ ]*Z info  \[test\] with ids )re"
                            "trace_id=0123456789abcdef0000000000000001 span_id=000000000000feed");
  CHECK(std::regex_match(lines[0], with_fields));
  CHECK(std::regex_match(lines[1], with_ids));
}

TEST_CASE("text: a trace id of zero is none", "[log][renderer]") {
  captured_stream test({}, weir::as_text());
  const weir::correlation none{.span_id = 5};
  weir::current_correlation = &none;
  test.log().info("without ids");
  weir::current_correlation = nullptr;
  CHECK(test.last_line().ends_with("without ids"));
}

TEST_CASE("text: the time of day is the system's, within what the clocks differ", "[log][renderer]") {
  class time_only final : public weir::renderer {
    void render(const weir::record& entry, weir::text_buffer& out) override {
      fmt::format_to(fmt::appender(out), "{}\n", entry.unix_nanoseconds());
    }
  };
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  captured_stream test({}, std::make_unique<time_only>());
  const auto before = now();
  test.log().info("now");
  const auto after = now();
  const auto logged = std::stoll(test.last_line());
  // Not a matter of speed but of two clocks that must agree: 50 ms is where one is taken to have been set.
  CHECK(logged >= before - 50'000'000);
  CHECK(logged <= after + 50'000'000);
}

TEST_CASE("text: a message with newlines, escape sequences and broken UTF-8 stays one line", "[log][renderer]") {
  captured_stream test({}, weir::as_text());
  const std::string hostile = "a\nb\r\n\x1b]0;title\x07 \xff\xc3 \xe2\x80\xa8 \"q\" end";
  test.log().info("{}", hostile, weir::field<"k">(hostile));
  WEIR_INFO(test.log(), "lit\neral \x1b[0m");
  test.stream().get_logger("na\nme").info("x");
  for (const auto& line : test.lines()) CHECK(is_one_valid_line(line));
  CHECK(test.sink().size() == 3);
}
