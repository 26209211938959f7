// What is heard of a sink that fails for long.
#include "captured_stream.hpp"
#include "redirected.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

TEST_CASE("failing sink: it is reported once a second at most, and each failure is counted", "[log][sink]") {
  const temporary_directory directory;
  constexpr std::uint64_t failures = 500;
  std::chrono::steady_clock::duration took{};
  {
    const redirected standard_error(2, directory.file("err"));
    captured_stream test;
    test.sink().throw_on_commit(true);
    const auto begun = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < failures; ++i) {
      WEIR_INFO(test.log(), "lost {}", i);
      test.stream().flush(std::chrono::minutes(1));
    }
    took = std::chrono::steady_clock::now() - begun;
    const auto stats = test.stream().stats();
    CHECK(stats.dropped_sink == failures);
    CHECK(stats.sink_errors >= failures);
  }
  const auto lines = lines_of(directory.file("err"));
  // Beside the sink's own reports there is the log's line on its losses, which the sink does not take either.
  CHECK(lines.size() >= 1);
  CHECK(lines.size() <= 2 + static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::seconds>(took).count()));
  std::uint64_t told = 0;
  for (const auto& line : lines) {
    INFO(line);
    REQUIRE(line.starts_with("weir: capturing: "));
    told += std::strtoull(line.substr(line.rfind('(') + 1).c_str(), nullptr, 10);
  }
  CHECK(told >= 1);
  CHECK(told <= failures);
}
