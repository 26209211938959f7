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
