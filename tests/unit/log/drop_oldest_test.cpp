// Dropping from the old end: also while the backend hangs in a sink.
#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using weir::log_options;
using weir::overflow_policy;

namespace {

constexpr std::size_t limit = 64 * 1024; // 16 chunks

log_options dropping_oldest() {
  return {.overflow = overflow_policy::drop_oldest,
          .memory_limit_bytes = limit,
          .chunk_bytes = 4096,
          .record_limit_bytes = 16 * 1024};
}

/// The number at the end of a line.
int number_of(const std::string& line) { return std::stoi(line.substr(line.rfind(' ') + 1)); }

std::vector<int> numbers(const std::vector<std::string>& lines, const std::string& prefix) {
  std::vector<int> all;
  for (const auto& line : lines)
    if (line.starts_with(prefix)) all.push_back(number_of(line));
  return all;
}

/// Whether from some place on the numbers run up to `last`, without a gap, and are at least `least`.
void check_ends_whole(const std::vector<int>& all, int last, std::size_t least) {
  std::size_t run = 0;
  for (int expected = last; run < all.size() && all[all.size() - 1 - run] == expected; --expected) ++run;
  CHECK(run >= least);
}

} // namespace

TEST_CASE("drop_oldest: while a sink hangs, the newest records are the ones that are kept", "[log][overflow]") {
  captured_stream test(dropping_oldest());
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  constexpr int calls = 100'000;
  for (int i = 0; i < calls; ++i) WEIR_INFO(test.log(), "record {}", i);
  const auto during = test.stream().stats();
  CHECK(during.dropped_displaced > calls / 2); // counted while it happens
  CHECK(during.dropped() == during.dropped_displaced);
  CHECK(during.memory_bytes <= limit);
  CHECK(during.queue_bytes <= limit);
  CHECK(during.queue_bytes > limit / 2);
  test.sink().unblock();
  CHECK(test.stream().flush(std::chrono::minutes(1)));
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == calls + 1);
  CHECK(stats.accepted == stats.written + stats.dropped());
  CHECK(stats.dropped_displaced == during.dropped_displaced);
  CHECK(stats.queue_bytes == 0);
  const auto kept = numbers(test.sink().lines(), "record ");
  CHECK(kept.size() + 1 == stats.written);
  check_ends_whole(kept, calls - 1, 500);
}

TEST_CASE("drop_oldest: a sink that hangs in append() is no obstacle", "[log][overflow]") {
  // The chunk that is being read must not be taken: its records are all there afterwards.
  captured_stream test(dropping_oldest());
  test.sink().block();
  for (int i = 0; i < 5000; ++i)
    WEIR_INFO(test.log(), "early {}", i); // the commit of a full batch hangs in mid-drain
  test.sink().wait_until_blocked();
  constexpr int calls = 20'000;
  for (int i = 0; i < calls; ++i) WEIR_INFO(test.log(), "late {}", i);
  test.sink().unblock();
  const auto lines = test.lines();
  const auto early = numbers(lines, "early "), late = numbers(lines, "late ");
  CHECK(std::ranges::is_sorted(early));
  CHECK(std::ranges::is_sorted(late));
  check_ends_whole(late, calls - 1, 500);
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 5000 + calls);
  CHECK(early.size() + late.size() == stats.written);
}

TEST_CASE("drop_oldest: a large record displaces as many chunks as it needs", "[log][overflow]") {
  captured_stream test(dropping_oldest());
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  for (int i = 0; i < 5000; ++i) WEIR_INFO(test.log(), "record {}", i);
  const std::string large(12'000, 'x');
  for (int i = 0; i < 20; ++i) WEIR_INFO(test.log(), "large {} {}", large, i);
  CHECK(test.stream().stats().memory_bytes <= limit);
  test.sink().unblock();
  check_ends_whole(numbers(test.lines(), "large "), 19, 3);
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 5021);
  CHECK(stats.accepted == stats.written + stats.dropped());
  CHECK(stats.dropped() == stats.dropped_displaced);
}

TEST_CASE("drop_oldest: what another logger blocks for is not dropped", "[log][overflow]") {
  captured_stream test(dropping_oldest());
  weir::logger& precious = test.stream().get_logger("precious");
  precious.set_overflow(overflow_policy::block);
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  for (int i = 0; i < 100; ++i) WEIR_INFO(precious, "precious {}", i);
  for (int i = 0; i < 50'000; ++i) WEIR_INFO(test.log(), "record {}", i);
  test.sink().unblock();
  CHECK(numbers(test.lines(), "precious ").size() == 100);
  check_ends_whole(numbers(test.sink().lines(), "record "), 49'999, 300);
}

TEST_CASE("drop_oldest: where nothing may be displaced, the newest is dropped", "[log][overflow]") {
  captured_stream test(dropping_oldest());
  weir::logger& precious = test.stream().get_logger("precious");
  precious.set_overflow(overflow_policy::drop_newest);
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  for (int i = 0; i < 50'000; ++i) WEIR_INFO(precious, "precious {}", i);
  const auto before = test.stream().stats().dropped_queue_full;
  CHECK(before > 0);
  for (int i = 0; i < 1000; ++i) WEIR_INFO(test.log(), "record {}", i);
  const auto during = test.stream().stats();
  CHECK(during.dropped_displaced == 0);
  CHECK(during.dropped_queue_full == before + 1000);
  test.sink().unblock();
  test.stream().flush();
  for (int i = 0; i < 50; ++i) WEIR_INFO(test.log(), "after {}", i);
  CHECK(numbers(test.lines(), "after ").size() == 50);
  CHECK(numbers(test.sink().lines(), "record ").empty());
}

TEST_CASE("drop_oldest: the policy may be changed while the program runs", "[log][overflow]") {
  captured_stream test(dropping_oldest());
  test.log().set_overflow(overflow_policy::drop_newest);
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  for (int i = 0; i < 10'000; ++i) WEIR_INFO(test.log(), "record {}", i);
  CHECK(test.stream().stats().dropped_displaced == 0);
  test.log().set_overflow(overflow_policy::drop_oldest);
  for (int i = 10'000; i < 20'000; ++i) WEIR_INFO(test.log(), "record {}", i);
  CHECK(test.stream().stats().dropped_displaced > 0);
  test.sink().unblock();
  check_ends_whole(numbers(test.lines(), "record "), 19'999, 500);
}

TEST_CASE("drop_oldest: counts exactly under many threads, in order, within the limit",
          "[log][overflow][concurrent]") {
  captured_stream test({.overflow = overflow_policy::drop_oldest,
                        .memory_limit_bytes = 128 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 8 * 1024});
  constexpr int threads = 4, calls = 20'000;
  std::atomic<bool> over{false};
  int wrong = 0;
  std::thread watcher([&] {
    for (int i = 0; !over; ++i) {
      const auto stats = test.stream().stats();
      if (stats.memory_bytes > 128 * 1024 || stats.accepted < stats.written + stats.dropped()) ++wrong;
      // The sink hangs now and then, for as long as it takes to look at the counters some times.
      if (i % 64 == 0) test.sink().block();
      if (i % 64 == 32) test.sink().unblock();
    }
    test.sink().unblock();
  });
  std::vector<std::thread> producers;
  for (int t = 0; t < threads; ++t)
    producers.emplace_back([&, t] {
      for (int i = 0; i < calls; ++i) WEIR_INFO(test.log(), "{} {}", t, i);
    });
  for (auto& each : producers) each.join();
  over = true;
  watcher.join();
  CHECK(wrong == 0);
  CHECK(test.stream().flush(std::chrono::minutes(1)));
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == threads * calls);
  CHECK(stats.accepted == stats.written + stats.dropped());
  const auto lines = test.sink().lines();
  CHECK(lines.size() - test.sink().count("records dropped") == stats.written);
  for (int t = 0; t < threads; ++t) {
    const auto kept = numbers(lines, std::to_string(t) + " ");
    CHECK(std::ranges::adjacent_find(kept, std::greater_equal<>()) == kept.end());
  }
}

TEST_CASE("drop_oldest: threads that come and go while a sink hangs leave the newest",
          "[log][overflow][concurrent]") {
  captured_stream test(dropping_oldest());
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  constexpr int threads = 200;
  for (int t = 0; t < threads; ++t) // one after the other, each with a chunk of its own
    std::thread([&] { WEIR_INFO(test.log(), "thread {}", t); }).join();
  test.sink().unblock();
  check_ends_whole(numbers(test.lines(), "thread "), threads - 1, 12);
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == threads + 1);
  CHECK(stats.accepted == stats.written + stats.dropped_displaced);
}
