// What holds for all sinks.
#include "weir/log/sink.hpp"

#include "bare_renderer.hpp"
#include "redirected.hpp"
#include "temporary_directory.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <stdexcept>
#include <string>

using weir::log_stream;

TEST_CASE("sink: a null renderer is refused", "[log][sink]") {
  const temporary_directory directory;
  CHECK_THROWS_AS(weir::file_sink(directory.file("a.log"), nullptr), std::invalid_argument);
  CHECK_THROWS_AS(weir::console_sink(weir::console_stream::error, nullptr), std::invalid_argument);
}

TEST_CASE("sink: a full device loses nothing uncounted", "[log][sink][full]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  log_stream stream({.sinks = {weir::file_sink("/dev/full")}});
  for (int i = 0; i < 5000; ++i) stream.get_logger("l").info("record {}", i);
  CHECK(stream.flush());
  const auto stats = stream.stats();
  CHECK(stats.accepted == 5000);
  CHECK(stats.written == 0);
  CHECK(stats.dropped_sink == 5000);
  CHECK(stats.sink_errors > 0);
  CHECK(contents_of(directory.file("err")).starts_with("weir: /dev/full: No space left on device ("));
}

TEST_CASE("sink: several of one logger, each with its own level and renderer", "[log][sink]") {
  const temporary_directory directory;
  const auto all = weir::file_sink(directory.file("all.json"), weir::as_json());
  const auto warnings = weir::file_sink(directory.file("warnings.log"), as_bare_text());
  const auto last = weir::memory_sink({.lines = 1}, weir::as_text());
  warnings->set_threshold(weir::level::warn);
  last->set_threshold(weir::level::error);
  log_stream stream({.sinks = {all}, .threshold = weir::level::debug});
  weir::logger& log = stream.get_logger("l", {all, warnings, last});
  log.trace("below the logger's own");
  log.debug("one");
  log.warn("two");
  log.error("three");
  stream.get_logger("other").error("four"); // not for these
  stream.flush();
  CHECK(lines_of(directory.file("all.json")).size() == 4);
  CHECK(contents_of(directory.file("warnings.log")) == "two\nthree\n");
  REQUIRE(last->snapshot().size() == 1);
  CHECK(last->snapshot()[0].ends_with(" error [l] three"));
  CHECK(all->stats().offered == 4);
  CHECK(warnings->stats().offered == 2);
  CHECK(last->stats().offered == 1);
  warnings->set_threshold(weir::level::trace); // at run time
  log.debug("five");
  stream.flush();
  CHECK(contents_of(directory.file("warnings.log")) == "two\nthree\nfive\n");
}

TEST_CASE("sink: each counts what it was offered, what it lost and its errors", "[log][sink]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto good = weir::file_sink(directory.file("a.log"));
  const auto full = weir::file_sink("/dev/full");
  full->set_threshold(weir::level::warn);
  log_stream stream({.sinks = {good, full}});
  for (int i = 0; i < 10; ++i) {
    stream.get_logger("l").info("x");
    stream.get_logger("l").warn("x");
  }
  stream.flush();
  CHECK(good->stats().offered == 20);
  CHECK(good->stats().written() == 20);
  CHECK(good->stats().errors == 0);
  CHECK(full->stats().offered == 10);
  CHECK(full->stats().lost == 10);
  CHECK(full->stats().written() == 0);
  CHECK(full->stats().errors > 0);
  CHECK(stream.stats().dropped_sink == 10);
}

TEST_CASE("sink: one that fails all the time does not hide another's error", "[log][sink]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto throws = [](const weir::record&) { throw std::runtime_error("told to"); };
  log_stream stream({.sinks = {weir::callback_sink(throws, "one"), weir::callback_sink(throws, "two")}});
  for (int i = 0; i < 100; ++i) stream.get_logger("l").info("x");
  stream.flush();
  const auto text = contents_of(directory.file("err"));
  CHECK(text.find("weir: one: told to") != text.npos);
  CHECK(text.find("weir: two: told to") != text.npos);
  CHECK(lines_of(directory.file("err")).size() < 10);
}
