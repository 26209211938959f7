#include "weir/log/memory_sink.hpp"

#include "bare_renderer.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using weir::log_stream;
using lines = std::vector<std::string>;

TEST_CASE("memory: it keeps the last lines", "[log][sink]") {
  const auto ring = weir::memory_sink({.lines = 3}, as_bare_text());
  log_stream stream({.sinks = {ring}});
  CHECK(ring->snapshot().empty());
  for (int i = 0; i < 5; ++i) {
    stream.get_logger("l").info("record {}", i);
    if (i == 1) {
      stream.flush();
      CHECK(ring->snapshot() == lines{"record 0", "record 1"});
    }
  }
  stream.flush();
  CHECK(ring->snapshot() == lines{"record 2", "record 3", "record 4"});
  ring->clear();
  CHECK(ring->snapshot().empty());
  stream.get_logger("l").info("");
  stream.flush();
  CHECK(ring->snapshot() == lines{""});
}

TEST_CASE("memory: it keeps as many bytes, and the last line in any case", "[log][sink]") {
  const auto ring = weir::memory_sink({.bytes = 1024}, as_bare_text());
  log_stream stream({.sinks = {ring}});
  for (int i = 0; i < 9; ++i) stream.get_logger("l").info("{:0200}", i);
  stream.flush();
  REQUIRE(ring->snapshot().size() == 5);
  CHECK(ring->snapshot().front().ends_with("04"));
  const std::string large(5000, 'x');
  stream.get_logger("l").info("{}", large);
  stream.flush();
  CHECK(ring->snapshot() == lines{large});
  stream.get_logger("l").info("small");
  stream.flush();
  CHECK(ring->snapshot() == lines{"small"});
}

TEST_CASE("memory: what may be kept is checked", "[log][sink]") {
  CHECK_THROWS_WITH(weir::memory_sink({.lines = 0}), Catch::Contains("memory_options.lines is 0"));
  CHECK_THROWS_WITH(weir::memory_sink({.bytes = 10}), Catch::Contains("memory_options.bytes is 10"));
  CHECK_THROWS_AS(weir::memory_sink({}, nullptr), std::invalid_argument);
}

TEST_CASE("memory: it can be read while threads log", "[log][sink][concurrent]") {
  const auto ring = weir::memory_sink({.lines = 100}, as_bare_text());
  log_stream stream({.sinks = {ring}});
  std::atomic<bool> over{false};
  std::size_t most = 0;
  bool whole = true;
  std::thread reader([&] {
    while (!over) {
      const auto all = ring->snapshot();
      most = std::max(most, all.size());
      for (const auto& line : all) whole = whole && line.starts_with("record ") && line.ends_with(" end");
    }
  });
  std::vector<std::thread> producers;
  for (int t = 0; t < 2; ++t)
    producers.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) WEIR_INFO(stream.get_logger("l"), "record {} end", i);
    });
  for (auto& each : producers) each.join();
  stream.flush();
  over = true;
  reader.join();
  CHECK(most <= 100);
  CHECK(whole);
  CHECK(ring->snapshot().size() == 100);
}
