#include "weir/log/callback_sink.hpp"

#include "redirected.hpp"
#include "temporary_directory.hpp"
#include "weir/log.hpp"
#include "weir/log/text_buffer.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using weir::log_stream;

TEST_CASE("callback: it is given each record's parts", "[log][sink]") {
  std::vector<std::string> seen;
  {
    log_stream stream({.sinks = {weir::callback_sink([&](const weir::record& entry) {
                         weir::text_buffer message;
                         entry.append_raw_message(message);
                         entry.append_fields(message, weir::field_style::text);
                         seen.push_back(fmt::format("{} {} {}", weir::to_string_view(entry.severity()),
                                                    entry.logger_name(),
                                                    std::string_view(message.data(), message.size())));
                       })}});
    WEIR_WARN(stream.get_logger("l"), "two\n{}", "lines", weir::field<"n">(1));
    stream.get_logger("l").debug("below the threshold");
  }
  CHECK(seen == std::vector<std::string>{"warn l two\nlines n=1"});
}

TEST_CASE("callback: what it throws costs that record, and is reported under its name", "[log][sink]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  int calls = 0;
  const auto sink = weir::callback_sink(
      [&](const weir::record&) {
        if (++calls == 2) throw std::runtime_error("told to");
      },
      "mine");
  log_stream stream({.sinks = {sink}});
  for (int i = 0; i < 3; ++i) stream.get_logger("l").info("x");
  stream.flush();
  CHECK(stream.stats().written == 2);
  CHECK(sink->stats().lost == 1);
  CHECK(contents_of(directory.file("err")) == "weir: mine: told to (1 records lost)\n");
}

TEST_CASE("callback: what is reported is printable on a terminal", "[log][sink]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto sink = weir::callback_sink(
      [&](const weir::record&) { throw std::runtime_error("\xc2\x9b[31m \x1b \x7f \xff \n\u2028 \u00fc"); },
      "na\rme");
  log_stream stream({.sinks = {sink}});
  stream.get_logger("l").info("x");
  stream.flush();
  CHECK(contents_of(directory.file("err")) ==
        "weir: na\\rme: \\u009b[31m \\x1b \\x7f \\xff \\n\\u2028 \u00fc (1 records lost)\n");
}

TEST_CASE("callback: an empty function is refused", "[log][sink]") {
  CHECK_THROWS_WITH(weir::callback_sink(nullptr, "mine"), Catch::Contains("\"mine\""));
}

TEST_CASE("null: it takes everything", "[log][sink]") {
  const auto sink = weir::null_sink();
  log_stream stream({.sinks = {sink}});
  for (int i = 0; i < 10; ++i) stream.get_logger("l").info("x");
  stream.flush();
  CHECK(stream.stats().written == 10);
  CHECK(sink->stats().written() == 10);
}
