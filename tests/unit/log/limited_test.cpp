// Statements with a limit.
#include "weir/log.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using weir::level;
using lines = std::vector<std::string>;

namespace {

struct rendered_here {
  int value;
};

/// Counts how often it is asked.
struct counting_limit {
  int calls = 0;
  weir::permit pass() noexcept { return {true, static_cast<std::uint64_t>(++calls) - 1}; }
};

template <int Which>
void in_a_template(weir::logger& log) {
  WEIR_INFO_LIMITED(log, weir::once(), "instance {}", Which);
}

} // namespace

template <>
struct fmt::formatter<rendered_here> : fmt::formatter<int> {
  auto format(const rendered_here& x, fmt::format_context& out) const {
    return fmt::formatter<int>::format(x.value, out);
  }
};

TEST_CASE("limited: a statement has its limit for itself", "[log][limit]") {
  captured_stream test;
  for (int i = 0; i < 3; ++i) {
    WEIR_INFO_LIMITED(test.log(), weir::once(), "here {}", i);
    WEIR_INFO_LIMITED(test.log(), weir::first_n(2), "there {}", i);
  }
  CHECK(test.lines() == lines{"here 0", "there 0", "there 1"});
}

TEST_CASE("limited: what passes says how many did not, if any did not", "[log][limit]") {
  captured_stream test;
  for (int i = 0; i < 6; ++i) WEIR_WARN_LIMITED(test.log(), weir::every_n(3), "{} of {}", i, "six");
  CHECK(test.lines() == lines{"0 of six", "3 of six suppressed=2"});
}

TEST_CASE("limited: the count stands behind the statement's own fields", "[log][limit]") {
  captured_stream test({}, weir::as_json());
  for (int i = 0; i < 2; ++i) {
    WEIR_INFO_LIMITED(test.log(), counting_limit(), "own", weir::field<"path">("/a"), weir::field<"n">(i));
    WEIR_INFO_LIMITED(test.log(), counting_limit(), "none");
    WEIR_INFO_LIMITED(test.log(), counting_limit(), "rendered {}", rendered_here{i},
                      weir::field<"k">(rendered_here{7}));
  }
  std::vector<std::string> ends;
  for (const auto& line : test.lines()) ends.push_back(line.substr(line.find("\"message\"")));
  CHECK(ends == lines{R"("message":"own","path":"/a","n":0})", R"("message":"none"})",
                      R"("message":"rendered 0","k":"7"})", R"("message":"own","path":"/a","n":1,"suppressed":1})",
                      R"("message":"none","suppressed":1})", R"("message":"rendered 1","k":"7","suppressed":1})"});
}

TEST_CASE("limited: below the threshold the limit is not asked", "[log][limit]") {
  captured_stream test;
  for (int i = 0; i < 4; ++i) {
    test.log().set_threshold(i == 2 ? level::warn : level::info);
    WEIR_INFO_LIMITED(test.log(), counting_limit(), "{}", i);
  }
  CHECK(test.lines() == lines{"0", "1 suppressed=1", "3 suppressed=2"});
}

TEST_CASE("limited: the arguments of what is held back are not evaluated", "[log][limit]") {
  captured_stream test;
  int evaluated = 0;
  for (int i = 0; i < 10; ++i) WEIR_INFO_LIMITED(test.log(), weir::every_n(5), "{}", ++evaluated);
  CHECK(evaluated == 2);
  CHECK(test.lines() == lines{"1", "2 suppressed=4"});
}

TEST_CASE("limited: every level has its macro, and every limit fits", "[log][limit]") {
  captured_stream test({.threshold = level::trace});
  for (int i = 0; i < 2; ++i) {
    WEIR_TRACE_LIMITED(test.log(), weir::once(), "trace");
    WEIR_DEBUG_LIMITED(test.log(), weir::first_n(1), "debug");
    WEIR_INFO_LIMITED(test.log(), weir::rate_limit(1, 24h), "info");
    WEIR_WARN_LIMITED(test.log(), weir::every_n(2), "warn");
    WEIR_ERROR_LIMITED(test.log(), weir::sample(0), "error");
    WEIR_CRITICAL_LIMITED(test.log(), weir::sample_traces(1), "critical");
    WEIR_LOG_LIMITED(test.log(), level::info, weir::once(), "chosen");
  }
  CHECK(test.lines() == lines{"trace", "debug", "info", "warn", "critical", "chosen", "critical"});
}

TEST_CASE("limited: in a template each instantiation has its limit", "[log][limit]") {
  captured_stream test;
  for (int i = 0; i < 2; ++i) {
    in_a_template<1>(test.log());
    in_a_template<2>(test.log());
  }
  CHECK(test.lines() == lines{"instance 1", "instance 2"});
}

TEST_CASE("limited: a text that is cut keeps its mark and the count", "[log][limit]") {
  captured_stream test({.record_limit_bytes = 1024});
  const std::string text(5000, 'x');
  for (int i = 0; i < 2; ++i) WEIR_INFO_LIMITED(test.log(), counting_limit(), "{}", text);
  const std::string last = test.last_line();
  CHECK(last.find("bytes cut]") != last.npos);
  CHECK(last.ends_with(" suppressed=1"));
}

TEST_CASE("limited: the stream knows how many were held back, also if no record has followed", "[log][limit]") {
  captured_stream test, other;
  test.log().info("so that the thread has a chunk");
  for (int i = 0; i < 10; ++i) {
    WEIR_INFO_LIMITED(test.log(), weir::once(), "a");
    WEIR_INFO_LIMITED(test.log(), weir::every_n(100), "b");
    WEIR_INFO_LIMITED(test.log(), weir::rate_limit(1, 24h), "c");
    WEIR_INFO_LIMITED(test.log(), weir::sample(0), "d");
    WEIR_DEBUG_LIMITED(test.log(), weir::once(), "below the level");
  }
  for (int i = 0; i < 5; ++i) WEIR_INFO_LIMITED(other.log(), weir::sample_traces(0), "of another stream");
  CHECK(test.stream().stats().suppressed == 9 + 9 + 9 + 10);
  CHECK(other.stream().stats().suppressed == 5);
  test.stream().close(1min);
  CHECK(test.stream().stats().suppressed == 37);
}

TEST_CASE("limited: what no record tells, the log does when it ends, once", "[log][limit]") {
  captured_stream test({}, weir::as_json({.position = true}));
  const auto line = __LINE__ + 2;
  for (int i = 0; i < 10; ++i) {
    WEIR_WARN_LIMITED(test.log(), weir::rate_limit(1, 24h), "rate");
    WEIR_INFO_LIMITED(test.log(), weir::every_n(4), "every");
    WEIR_INFO_LIMITED(test.log(), weir::sample(0), "never");
    WEIR_INFO_LIMITED(test.log(), weir::sample(1), "always");
    WEIR_INFO_LIMITED(test.log(), weir::once(), "silent by purpose");
    WEIR_INFO_LIMITED(test.log(), counting_limit(), "without an account");
  }
  for (int i = 0; i < 5; ++i) WEIR_INFO_LIMITED(test.log(), weir::every_n(4), "all told");
  test.stream().close(1min);
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == stats.written); // without these lines
  std::vector<std::string> said;
  for (const auto& each : test.sink().lines())
    if (each.find(R"("logger":"weir")") != each.npos) said.push_back(each.substr(each.find("\"level\"")));
  std::ranges::sort(said);
  const std::string function = __func__;
  const auto expected = [&](const char* severity, int count, int offset) {
    const std::string at = std::to_string(line + offset), n = std::to_string(count);
    return R"("level":")" + std::string(severity) + R"(","logger":"weir","message":")" + n +
           " records suppressed since the last one of limited_test.cpp:" + at +
           R"(","code.file.path":")" __FILE__ R"(","code.line.number":)" + at + R"(,"code.function.name":")" +
           function + R"(","suppressed":)" + n + "}";
  };
  CHECK(said == lines{expected("info", 1, 1), expected("info", 10, 2), expected("warn", 9, 0)});
}

TEST_CASE("limited: what a limit of another stream's past held back is told by the next", "[log][limit]") {
  for (int i = 0; i < 2; ++i) {
    captured_stream test;
    for (int call = 0; call < 3; ++call) WEIR_INFO_LIMITED(test.log(), weir::rate_limit(1, 24h), "x");
    test.stream().close(1min);
    const auto got = test.sink().lines();
    REQUIRE(got.size() == (i == 0 ? 2 : 1));
    CHECK(got.back().starts_with(std::to_string(2 + i) +
                                 " records suppressed since the last one of limited_test.cpp:"));
  }
}

TEST_CASE("limited: what threads hold back in chunk after chunk is counted, each call once",
          "[log][limit][concurrent]") {
  captured_stream test({.memory_limit_bytes = 64 * 1024, .chunk_bytes = 4096, .record_limit_bytes = 8 * 1024});
  constexpr int threads = 4, calls = 10'000;
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      for (int i = 0; i < calls; ++i) {
        WEIR_INFO_LIMITED(test.log(), weir::every_n(10), "x");
        // One of its own at times, freed when it is drained.
        if (i % 1000 == 0) WEIR_INFO(test.log(), "{}", std::string(5000, 'x'));
      }
    });
  for (auto& each : all) each.join();
  CHECK(test.stream().stats().suppressed == threads * calls * 9 / 10);
}

TEST_CASE("limited: of all threads' statements one in n is logged, and all are accounted for",
          "[log][limit][concurrent]") {
  captured_stream test;
  constexpr int threads = 4, calls = 10'000;
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      for (int i = 0; i < calls; ++i) WEIR_INFO_LIMITED(test.log(), weir::every_n(100), "x");
    });
  for (auto& each : all) each.join();
  const auto got = test.lines();
  CHECK(got.size() == threads * calls / 100);
  CHECK(std::ranges::count(got, "x") == 1);
  CHECK(std::ranges::count(got, "x suppressed=99") == threads * calls / 100 - 1);
}
