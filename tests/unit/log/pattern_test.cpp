#include "weir/log/renderer.hpp"

#include "captured_stream.hpp"
#include "made_record.hpp"
#include "well_formed.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

using weir::as_text;
using weir::pattern_time;

namespace {

/// The process's time zone, for as long as it lives.
class time_zone {
 public:
  explicit time_zone(const char* zone) {
    if (const char* const before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~time_zone() {
    before_ ? ::setenv("TZ", before_->c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }
  time_zone(const time_zone&) = delete;
  time_zone& operator=(const time_zone&) = delete;

 private:
  std::optional<std::string> before_;
};

/// spdlog's own rendering of the same record.
class spdlog_line {
 public:
  explicit spdlog_line(const std::string& pattern, pattern_time zone)
      : formatter_(pattern,
                   zone == pattern_time::utc ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local,
                   "") {}

  std::string of(const made_record& record) {
    static constexpr spdlog::level::level_enum levels[] = {spdlog::level::trace, spdlog::level::debug,
                                                           spdlog::level::info,  spdlog::level::warn,
                                                           spdlog::level::err,   spdlog::level::critical};
    const spdlog::source_loc place(record.file.c_str(), static_cast<int>(record.line), record.function.c_str());
    const spdlog::log_clock::time_point time{std::chrono::nanoseconds(record.unix_nanoseconds)};
    spdlog::details::log_msg message(time, place, record.logger, levels[static_cast<std::size_t>(record.severity)],
                                     record.message);
    message.thread_id = record.thread_id;
    spdlog::memory_buf_t out;
    formatter_.format(message, out);
    coloured = {message.color_range_start, message.color_range_end};
    return {out.data(), out.size()};
  }

  weir::colour_range coloured;

 private:
  spdlog::pattern_formatter formatter_;
};

std::vector<made_record> some_records() {
  std::vector<made_record> all;
  const auto add = [&](made_record record) { all.push_back(std::move(record)); };
  add({});
  add({.message = "", .unix_nanoseconds = 1'700'000'000'000'000'000, .severity = weir::level::warn, .logger = ""});
  add({.unix_nanoseconds = 1'757'462'399'999'999'999, .severity = weir::level::error}); // in September, at 23:59:59
  add({.unix_nanoseconds = 1'757'462'400'000'001'001, .severity = weir::level::critical}); // 00:00:00
  add({.unix_nanoseconds = 1'782'907'200'012'003'004,
       .severity = weir::level::trace,
       .file = "",
       .line = 0,
       .function = ""}); // 12:00:00
  add({.message = "a message that is longer than any width, so that a width with an exclamation mark cuts some of it",
       .severity = weir::level::debug,
       .logger = "a.logger.of.some.length"});
  return all;
}

/// Whether both render a pattern in the same way; says what, if not.
void check_same(const std::string& pattern, pattern_time zone = pattern_time::utc) {
  const auto ours = as_text(pattern, zone);
  for (made_record& record : some_records()) {
    spdlog_line theirs(pattern, zone); // each its own: it looks up the offset from UTC only now and then
    const std::string expected = theirs.of(record), line = record.by(*ours);
    if (line != expected) FAIL_CHECK(pattern << ": \"" << line << "\", spdlog's \"" << expected << "\"");
    // Colours of a console.
    const auto [begin, end] = ours->colour().value();
    if (begin != theirs.coloured.begin || end != theirs.coloured.end) FAIL_CHECK(pattern << ": colours");
  }
}

std::string line_of(std::string_view pattern, made_record record = {}) {
  return record.by(*as_text(pattern, pattern_time::utc));
}

std::string error_of(std::string_view pattern) {
  try {
    as_text(pattern);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "(none)";
}

} // namespace

TEST_CASE("pattern: each flag writes what spdlog writes", "[log][pattern]") {
  for (const char flag : std::string("vnlLtPYmdHMSefFpIrRTXDxcCaAbhBzEsg#!@+%^$"))
    check_same(std::string("%") + flag);
}

TEST_CASE("pattern: widths, sides and cuts are spdlog's", "[log][pattern]") {
  // Without c, D and x, for which spdlog takes a width for granted.
  for (const char flag : std::string("vnlLtPYmdHMSefFpIrRTXCaAbhBzEsg#!@"))
    for (const char* width : {"0",   "1",  "8",  "08", "9",  "40",  "64",  "-8",   "-40", "=8",  "=9",
                              "=64", "0!", "1!", "3!", "8!", "40!", "-3!", "-40!", "=3!", "=41!"})
      check_same(std::string("<%") + width + flag + ">");
}

TEST_CASE("pattern: whole lines are spdlog's", "[log][pattern]") {
  for (const char* pattern : {"[%H:%M:%S %z] [%n] [%^---%L---%$] [thread %t] %v",
                              "*** [%H:%M:%S %z] [thread %t] %v ***",
                              "[%Y-%m-%d %H:%M:%S.%e] [%n] [%^%l%$] [%s:%#] %v",
                              "%Y-%m-%dT%H:%M:%S.%f%z %-8l %=20n %v",
                              "%^%v%$",
                              "%^%v",
                              "%v%$",
                              "%$ %^",
                              "%^a%$b%^c%$",
                              "100%% %v",
                              "%v %v",
                              "no flags at all",
                              "",
                              "%l\t%v",
                              "grüße %v",
                              "[%10!] %v",
                              "[%3!!] %v",
                              "%10!v",
                              "%l%l%l",
                              "%T%T",
                              "%n%T%l%T%n %e %e",
                              "%E.%F"})
    check_same(pattern);
}

TEST_CASE("pattern: the time of day is local unless it is to be UTC", "[log][pattern]") {
  for (const char* zone : {"UTC0", "IST-5:30", "NST3:30NDT,M3.2.0,M11.1.0", "CET-1CEST,M3.5.0,M10.5.0/3"}) {
    const time_zone there(zone);
    for (const char flag : std::string("YmdHMSpIrRTXDxcCaAbhBzE")) {
      check_same(std::string("%") + flag, pattern_time::local);
      check_same(std::string("%") + flag, pattern_time::utc);
    }
  }
  const time_zone there("IST-5:30");
  CHECK(made_record().by(*as_text("%T %z")) == "03:43:20 +05:30");
  CHECK(made_record().by(*as_text("%T %z", pattern_time::utc)) == "22:13:20 +00:00");
}

TEST_CASE("pattern: the time zone is that of when the renderer was made", "[log][pattern]") {
  const time_zone before("UTC0");
  ::setenv("TZ", "IST-5:30", 1);
  const auto made_there = as_text("%T %z");
  ::setenv("TZ", "UTC0", 1);
  CHECK(made_record().by(*made_there) == "03:43:20 +05:30");
}

TEST_CASE("pattern: the time since the record before is spdlog's", "[log][pattern]") {
  for (const char* pattern : {"%u", "%i", "%o", "%O", "%12u", "%-12i|", "%=12o|", "%u %u %O"}) {
    const auto ours = as_text(pattern, pattern_time::utc);
    spdlog_line theirs(pattern, pattern_time::utc);
    made_record record;
    // What comes first is measured from the renderer's begin, which these are long before.
    CHECK(record.by(*ours) == theirs.of(record));
    for (const std::int64_t later : {0L, 1L, 999L, 1'234'567L, 98'765'432'109L, -5L, 1'000L}) {
      record.unix_nanoseconds += later;
      CHECK(record.by(*ours) == theirs.of(record));
    }
  }
}

TEST_CASE("pattern: the first record's time is that since the renderer was made", "[log][pattern]") {
  const auto now = [] {
    return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  };
  const std::int64_t before = now();
  const auto renderer = as_text("%u");
  const std::int64_t after = now();
  made_record record{.unix_nanoseconds = after + 1'000'000};
  const std::int64_t since = std::stoll(record.by(*renderer));
  CHECK(since >= 1'000'000);
  CHECK(since <= 1'000'000 + after - before);
}

TEST_CASE("pattern: a width is that of what is written, in characters", "[log][pattern]") {
  CHECK(line_of("<%10D>") == "<  11/14/23>");
  CHECK(line_of("<%5!D>") == "<11/14>");
  CHECK(line_of("<%-26c>") == "<Tue Nov 14 22:13:20 2023  >");
  CHECK(line_of("<%8v>", {.message = "grüße"}) == "<   grüße>");
  CHECK(line_of("<%-8n>", {.logger = "grüße"}) == "<grüße   >");
  CHECK(line_of("<%=8v>", {.message = "水🌊"}) == "<   水🌊   >");
  CHECK(line_of("<%3!v>", {.message = "grüße"}) == "<grü>");
  CHECK(line_of("<%2!v>", {.message = "水🌊水"}) == "<水🌊>");
  CHECK(line_of("<%1!v>", {.message = "\n"}) == "<\\>");
}

TEST_CASE("pattern: one second after another comes out of one renderer", "[log][pattern]") {
  const auto renderer = as_text("%T.%e", pattern_time::utc);
  const auto at = [&](std::int64_t ms) { return made_record{.unix_nanoseconds = ms * 1'000'000}.by(*renderer); };
  CHECK(at(1'999) == "00:00:01.999");
  CHECK(at(2'000) == "00:00:02.000");
  CHECK(at(1'000) == "00:00:01.000");
  CHECK(at(-1) == "23:59:59.999");
}

// The time between the two was a signed difference once.
TEST_CASE("pattern: the first and the last second there can be are seconds like others", "[log][pattern]") {
  const auto renderer = as_text("%Y %u", pattern_time::utc);
  const auto at = [&](std::int64_t seconds) {
    return made_record{.unix_nanoseconds = seconds * 1'000'000'000}.by(*renderer);
  };
  CHECK(at(-9'223'372'036) == "1677 0");
  CHECK(at(9'223'372'036) == "2262 18446744072000000000");
  CHECK(at(-9'223'372'036) == "1677 0");
}

TEST_CASE("pattern: levels and loggers take turns", "[log][pattern]") {
  const auto renderer = as_text("%l %n|%L");
  for (int i = 0; i < 3; ++i)
    for (const char* name : {"a", "b", "a.b"}) {
      CHECK(made_record{.severity = weir::level::warn, .logger = name}.by(*renderer) ==
            "warning " + std::string(name) + "|W");
      CHECK(made_record{.severity = weir::level::error, .logger = name}.by(*renderer) ==
            "error " + std::string(name) + "|E");
    }
}

TEST_CASE("pattern: fields and ids stand behind the last message, unless they have a place of their own",
          "[log][pattern]") {
  const auto line_by = [](std::string_view pattern) {
    captured_stream test({}, as_text(pattern));
    const weir::correlation ids{0x0123456789abcdef, 1, 0xfeed};
    weir::current_correlation = &ids;
    WEIR_INFO(test.log(), "sent {}", 1, weir::field<"file">("a b"), weir::field<"n">(2));
    weir::current_correlation = nullptr;
    WEIR_INFO(test.log(), "bare");
    const auto lines = test.lines();
    return lines.at(0) + '\n' + lines.at(1);
  };
  const std::string fields = R"(file="a b" n=2)", trace = "0123456789abcdef0000000000000001",
                    span = "000000000000feed";
  CHECK(line_by("%v|") == "sent 1 " + fields + " trace_id=" + trace + " span_id=" + span + "|\nbare|");
  CHECK(line_by("%v|%v") == "sent 1|sent 1 " + fields + " trace_id=" + trace + " span_id=" + span + "\nbare|bare");
  CHECK(line_by("%n: %v [%&]") ==
        "test: sent 1 trace_id=" + trace + " span_id=" + span + " [" + fields + "]\ntest: bare []");
  CHECK(line_by("%W %v") == trace + " sent 1 " + fields + "\n bare");
  CHECK(line_by("%W %20w|%&|%v") ==
        trace + "     " + span + "|" + fields + "|sent 1\n" + std::string(21, ' ') + "||bare");
  CHECK(line_by("%l") == "info\ninfo");
  CHECK(line_by("<%6!&>") == "<file=\">\n<      >");
}

TEST_CASE("pattern: thread, process, file, line and function are the statement's", "[log][pattern]") {
  captured_stream test({}, as_text("%t %P %s:%# %! %v"));
  const auto log_it = [&] { WEIR_INFO(test.log(), "here"); };
  const int line = __LINE__ - 1;
  log_it();
  CHECK(test.last_line() == fmt::format("{} {} pattern_test.cpp:{} operator() here", ::gettid(), ::getpid(), line));
}

TEST_CASE("pattern: what is wrong in it is named, with its place", "[log][pattern]") {
  CHECK(error_of("[%l] %Q") == "pattern \"[%l] %Q\": unknown flag %Q at 5");
  CHECK(error_of("%v%") == "pattern \"%v%\": a percent sign without a flag at 2");
  CHECK(error_of("%8") == "pattern \"%8\": a percent sign without a flag at 0");
  CHECK(error_of("%-v") == "pattern \"%-v\": an alignment without a width at 1");
  CHECK(error_of("x%65v") == "pattern \"x%65v\": a width of 65, where 64 is the most, at 2");
  CHECK(error_of("%99999999999999999999v") ==
        "pattern \"%99999999999999999999v\": a width of 99999999999999999999, where 64 is the most, at 1");
  CHECK(error_of("%8^") == "pattern \"%8^\": a width for %^, which has none, at 0");
  CHECK(error_of("%v\n") == "pattern \"%v\\n\": a control character, line separator or broken UTF-8 at 2");
  CHECK(error_of("\x1b[1m%v") == "pattern \"\\x1b[1m%v\": a control character, line separator or broken UTF-8 at 0");
  CHECK(error_of("ü\xff") == "pattern \"ü\\xff\": a control character, line separator or broken UTF-8 at 2");
  CHECK(error_of("%ü") == "pattern \"%ü\": unknown flag %ü at 0");
  CHECK(error_of("%8!ü") == "(none)"); // the function, then text
  CHECK_THROWS_AS(as_text("%v", static_cast<pattern_time>(7)), std::invalid_argument);
}

TEST_CASE("pattern: whatever is logged, a line is one line of valid UTF-8", "[log][pattern]") {
  const std::string hostile = "a\nb\r\n\x1b]0;title\x07 \xff\xc3 \xe2\x80\xa8 \"q\" end";
  for (const char* pattern :
       {"%v", "%40v", "%=64!v", "%7!v", "%n", "%3!n", "%+", "%l\t%v", "%s", "%@", "%9!g", "%!"}) {
    const std::string line =
        line_of(pattern, {.message = hostile, .logger = hostile, .file = hostile, .function = hostile});
    std::string visible = line;
    std::ranges::replace(visible, '\t', ' ');
    INFO(pattern);
    CHECK(is_one_valid_line(visible));
  }
}
