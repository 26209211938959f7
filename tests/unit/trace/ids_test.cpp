// The ids: their text, their randomness, and that no two threads or processes hand out the same.
#include "weir/trace/ids.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

TEST_CASE("ids: the text is lower-case hexadecimal with leading zeros", "[trace][ids]") {
  CHECK(weir::to_hex(weir::trace_id{0xab, 0x0123456789abcdef}).view() == "00000000000000ab0123456789abcdef");
  CHECK(weir::to_hex(weir::span_id{0xf}).view() == "000000000000000f");
}

TEST_CASE("ids: parsing takes exactly the text that is written", "[trace][ids]") {
  CHECK(weir::parse_trace_id("4bf92f3577b34da6a3ce929d0e0e4736") ==
        weir::trace_id{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736});
  CHECK(weir::parse_span_id("00f067aa0ba902b7") == weir::span_id{0x00f067aa0ba902b7});
  CHECK_FALSE(weir::parse_trace_id("4BF92F3577B34DA6A3CE929D0E0E4736"));
  CHECK_FALSE(weir::parse_trace_id("4bf92f3577b34da6a3ce929d0e0e473"));
  CHECK_FALSE(weir::parse_trace_id("4bf92f3577b34da6a3ce929d0e0e47361"));
  CHECK_FALSE(weir::parse_trace_id("00000000000000000000000000000000"));
  CHECK_FALSE(weir::parse_span_id("0000000000000000"));
  CHECK_FALSE(weir::parse_span_id("00f067aa0ba902bg"));
  CHECK_FALSE(weir::parse_span_id(""));
}

TEST_CASE("ids: any id reads back as itself", "[trace][ids]") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const weir::trace_id trace{random(), random()};
    const weir::span_id span{random()};
    REQUIRE(weir::parse_trace_id(weir::to_hex(trace)) == trace);
    REQUIRE(weir::parse_span_id(weir::to_hex(span)) == span);
  }
}

TEST_CASE("ids: every bit of a new id is as often set as not", "[trace][ids]") {
  constexpr int rounds = 20'000;
  std::array<int, 192> set{};
  for (int i = 0; i < rounds; ++i) {
    const weir::trace_id trace = weir::random_trace_id();
    const weir::span_id span = weir::random_span_id();
    REQUIRE(trace.valid());
    REQUIRE(span.valid());
    const std::array words{trace.high, trace.low, span.value};
    for (std::size_t bit = 0; bit < set.size(); ++bit) set[bit] += static_cast<int>(words[bit / 64] >> bit % 64 & 1);
  }
  // Seven standard deviations of a fair coin: a sound generator fails once in a thousand million runs.
  for (const int count : set) CHECK(std::abs(count - rounds / 2) < 495);
}

TEST_CASE("ids: threads never hand out the same", "[trace][ids][concurrent]") {
  constexpr std::size_t per_thread = 5'000;
  std::array<std::vector<std::uint64_t>, 8> taken;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : taken) {
      threads.emplace_back([&mine] {
        for (std::size_t i = 0; i < per_thread; ++i) mine.push_back(weir::random_span_id().value);
      });
    }
  }
  std::vector<std::uint64_t> all;
  for (const auto& mine : taken) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  CHECK(all.size() == taken.size() * per_thread);
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("ids: a forked child does not repeat its parent's", "[trace][ids]") {
  (void)weir::random_trace_id();
  std::array<int, 2> pipe_ends{};
  REQUIRE(::pipe(pipe_ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const weir::trace_id id = weir::random_trace_id();
    _exit(::write(pipe_ends[1], &id, sizeof id) == static_cast<ssize_t>(sizeof id) ? 0 : 1);
  }
  weir::trace_id of_child;
  const ssize_t got = ::read(pipe_ends[0], &of_child, sizeof of_child);
  int status = -1;
  ::waitpid(child, &status, 0);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  REQUIRE(got == static_cast<ssize_t>(sizeof of_child));
  CHECK(status == 0);
  CHECK(of_child.valid());
  CHECK_FALSE(of_child == weir::random_trace_id());
}

} // namespace
