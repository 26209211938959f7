#include "weir/log/spdlog_sink.hpp"

#include "temporary_directory.hpp"
#include "weir/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <memory>
#include <mutex>
#include <sstream>
#include <string>

using weir::log_stream;

namespace {
class failing final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg&) override { throw spdlog::spdlog_ex("told to fail"); }
  void flush_() override { throw spdlog::spdlog_ex("told to fail to flush"); }
};

void log_in_a_function(weir::logger& log) { WEIR_INFO(log, "x"); }
} // namespace

TEST_CASE("spdlog: its pattern gets level, logger, place and message", "[log][spdlog]") {
  std::ostringstream text;
  auto target = std::make_shared<spdlog::sinks::ostream_sink_mt>(text);
  target->set_pattern("%l|%n|%s|%v");
  {
    log_stream stream({.sinks = {weir::spdlog_sink(target)}, .threshold = weir::level::trace});
    weir::logger& log = stream.get_logger("name");
    const weir::correlation ids{1, 2, 3};
    log.trace("trace");
    log.debug("debug");
    WEIR_INFO(log, "sent {} bytes", 5, weir::field<"file">("a b"));
    log.warn("two\nlines");
    log.error("error");
    weir::current_correlation = &ids;
    log.critical("with ids");
    weir::current_correlation = nullptr;
  }
  CHECK(text.str() == "trace|name|spdlog_sink_test.cpp|trace\n"
                      "debug|name|spdlog_sink_test.cpp|debug\n"
                      "info|name|spdlog_sink_test.cpp|sent 5 bytes file=\"a b\"\n"
                      "warning|name|spdlog_sink_test.cpp|two\\nlines\n"
                      "error|name|spdlog_sink_test.cpp|error\n"
                      "critical|name|spdlog_sink_test.cpp|with ids "
                      "trace_id=00000000000000010000000000000002 span_id=0000000000000003\n");
}

TEST_CASE("spdlog: a logger's name, whatever is in it, stays in the record's line", "[log][spdlog]") {
  std::ostringstream text;
  auto target = std::make_shared<spdlog::sinks::ostream_sink_mt>(text);
  target->set_pattern("%n|%v");
  {
    log_stream stream({.sinks = {weir::spdlog_sink(target)}});
    stream.get_logger("na\nme \x1b[31m\xff").info("message");
    stream.get_logger("plain").info("message");
  }
  CHECK(text.str() == "na\\nme \\x1b[31m\\xff|message\nplain|message\n");
}

TEST_CASE("spdlog: it gets the function and the thread", "[log][spdlog]") {
  std::ostringstream text;
  auto target = std::make_shared<spdlog::sinks::ostream_sink_mt>(text);
  target->set_pattern("%!|%t");
  {
    log_stream stream({.sinks = {weir::spdlog_sink(target)}});
    log_in_a_function(stream.get_logger("l"));
  }
  CHECK(text.str() == "log_in_a_function|" + std::to_string(::gettid()) + "\n");
}

TEST_CASE("spdlog: its time is the record's", "[log][spdlog]") {
  std::ostringstream text;
  auto target = std::make_shared<spdlog::sinks::ostream_sink_mt>(text);
  target->set_formatter(
      std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%fZ", spdlog::pattern_time_type::utc));
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  {
    log_stream stream({.sinks = {weir::spdlog_sink(target), weir::file_sink(path)}});
    stream.get_logger("l").info("x");
  }
  const auto lines = lines_of(path);
  REQUIRE(lines.size() == 1);
  CHECK(text.str() == lines[0].substr(0, 27) + "\n");
}

TEST_CASE("spdlog: its own level holds, and a flush reaches it", "[log][spdlog]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  auto target = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  target->set_pattern("%v");
  target->set_level(spdlog::level::warn);
  const auto sink = weir::spdlog_sink(target);
  log_stream stream({.sinks = {sink}});
  stream.get_logger("l").info("below");
  stream.get_logger("l").warn("above");
  CHECK(stream.flush());
  CHECK(contents_of(path) == "above\n");
  CHECK(stream.stats().written == 2);
  CHECK(sink->stats().offered == 1);
}

TEST_CASE("spdlog: rotating files are a destination", "[log][spdlog]") {
  const temporary_directory directory;
  auto target = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(directory.file("a.log"), 10'000, 20);
  target->set_pattern("%v");
  {
    log_stream stream({.sinks = {weir::spdlog_sink(std::move(target))}});
    for (int i = 0; i < 1000; ++i) stream.get_logger("l").info("a line of some length, number {}", i);
  }
  std::size_t lines = lines_of(directory.file("a.log")).size();
  for (int i = 1; i <= 20; ++i) lines += lines_of(directory.file("a." + std::to_string(i) + ".log")).size();
  CHECK(lines == 1000);
}

TEST_CASE("spdlog: what it throws is counted", "[log][spdlog]") {
  log_stream stream({.sinks = {weir::spdlog_sink(std::make_shared<failing>())}});
  for (int i = 0; i < 3; ++i) stream.get_logger("l").info("x");
  CHECK(stream.flush());
  CHECK(stream.stats().dropped_sink == 3);
  CHECK(stream.stats().accepted == 3);
}

TEST_CASE("spdlog: a null sink is refused", "[log][spdlog]") {
  CHECK_THROWS_AS(weir::spdlog_sink(nullptr), std::invalid_argument);
}
