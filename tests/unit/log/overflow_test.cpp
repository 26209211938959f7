#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdio>
#include <latch>
#include <string>
#include <thread>
#include <vector>

using weir::log_options;
using weir::overflow_policy;

namespace {

log_options small(overflow_policy policy) {
  return {.overflow = policy, .memory_limit_bytes = 64 * 1024, .chunk_bytes = 4096, .record_limit_bytes = 8 * 1024};
}

/// A test's wait for what another thread does; it ends by that thread alone.
template <class Condition>
void wait_for(Condition holds) {
  while (!holds()) std::this_thread::yield();
}

} // namespace

TEST_CASE("overflow: drop_newest keeps the older records and counts the others exactly", "[log][overflow]") {
  captured_stream test(small(overflow_policy::drop_newest));
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  constexpr int calls = 10'000;
  for (int i = 0; i < calls; ++i) WEIR_INFO(test.log(), "record {}", i);
  const auto during = test.stream().stats();
  CHECK(during.dropped_queue_full > 0); // counted while it happens
  CHECK(during.memory_bytes <= 64 * 1024);
  test.sink().unblock();
  test.stream().flush();
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == calls + 1);
  CHECK(stats.dropped_queue_full == during.dropped_queue_full);
  CHECK(stats.written + stats.dropped_queue_full == calls + 1);
  CHECK(test.sink().count("record ") + 1 == stats.written);
  int next = 0;
  for (const auto& line : test.sink().lines()) // the oldest, without a gap
    if (line.starts_with("record ") && line != "record " + std::to_string(next++)) FAIL(line);
}

TEST_CASE("overflow: after an overload everything is taken again", "[log][overflow]") {
  captured_stream test(small(overflow_policy::drop_newest));
  for (int round = 0; round < 3; ++round) {
    test.sink().block();
    for (int i = 0; i < 10'000; ++i) WEIR_INFO(test.log(), "overload {}", i);
    test.sink().unblock();
    test.stream().flush();
    const auto dropped = test.stream().stats().dropped();
    for (int i = 0; i < 100; ++i) WEIR_INFO(test.log(), "calm {}", i);
    test.stream().flush();
    CHECK(test.stream().stats().dropped() == dropped);
  }
  CHECK(test.sink().count("calm") == 300);
}

TEST_CASE("overflow: block loses nothing and keeps to the memory limit", "[log][overflow][concurrent]") {
  captured_stream test(small(overflow_policy::block));
  constexpr int calls = 20'000;
  std::atomic<bool> over{false};
  std::size_t most = 0;
  std::thread watcher([&] {
    while (!over) most = std::max(most, test.stream().stats().memory_bytes);
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < calls; ++i) WEIR_INFO(test.log(), "some text that takes room {}", i);
    });
  for (auto& each : threads) each.join();
  over = true;
  watcher.join();
  CHECK(most <= 64 * 1024);
  test.stream().flush(std::chrono::minutes(1));
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 4 * calls);
  CHECK(stats.written == 4 * calls);
  CHECK(stats.dropped() == 0);
}

TEST_CASE("overflow: drop_newest counts exactly under many threads", "[log][overflow][concurrent]") {
  captured_stream test(small(overflow_policy::drop_newest));
  constexpr int calls = 20'000;
  std::atomic<bool> over{false};
  int wrong = 0;
  std::thread watcher([&] {
    while (!over) {
      const auto stats = test.stream().stats();
      if (stats.memory_bytes > 64 * 1024 || stats.accepted < stats.written + stats.dropped()) ++wrong;
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < calls; ++i) WEIR_INFO(test.log(), "{} {}", t, i);
    });
  for (auto& each : threads) each.join();
  over = true;
  watcher.join();
  CHECK(wrong == 0);
  test.stream().flush(std::chrono::minutes(1));
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 4 * calls);
  CHECK(stats.written + stats.dropped() == 4 * calls);
  CHECK(test.sink().size() - test.sink().count("records dropped") == stats.written);
}

TEST_CASE("overflow: block waits while a sink hangs, and goes on when it does", "[log][overflow][concurrent]") {
  captured_stream test(small(overflow_policy::block));
  test.sink().block();
  constexpr int calls = 5000;
  std::atomic<int> logged{0};
  std::thread producer([&] {
    for (int i = 0; i < calls; ++i) {
      WEIR_INFO(test.log(), "some text that takes room {}", i);
      logged = i + 1;
    }
  });
  wait_for([&] { return test.stream().stats().memory_bytes > 60 * 1024; });
  CHECK(logged < calls);
  test.sink().unblock();
  producer.join();
  CHECK(test.lines().size() == calls);
}

TEST_CASE("overflow: close() frees the threads that wait for a chunk", "[log][overflow][concurrent]") {
  captured_stream test(small(overflow_policy::block));
  test.sink().block();
  constexpr std::uint64_t calls = 5000;
  std::vector<std::thread> producers;
  for (int t = 0; t < 3; ++t)
    producers.emplace_back([&] {
      for (std::uint64_t i = 0; i < calls; ++i) WEIR_INFO(test.log(), "some text that takes room {}", i);
    });
  test.sink().wait_until_blocked();
  CHECK_FALSE(test.stream().close(std::chrono::milliseconds(1)));
  for (auto& each : producers) each.join(); // the sink still hangs
  test.sink().unblock();
  CHECK(test.stream().close(std::chrono::minutes(1)));
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 3 * calls);
  CHECK(stats.written + stats.dropped_closed == 3 * calls);
  CHECK(test.sink().size() == stats.written);
}

TEST_CASE("overflow: with block no thread loses anything, however many hold chunks", "[log][overflow][concurrent]") {
  // Memory for four chunks, and twenty threads that log now and then.
  captured_stream test({.overflow = overflow_policy::block,
                        .memory_limit_bytes = 16 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 1024});
  constexpr std::size_t threads = 20, rounds = 5, calls = 10;
  std::vector<std::thread> holders;
  std::barrier in_step(threads);
  for (std::size_t t = 0; t < threads; ++t)
    holders.emplace_back([&, t] {
      for (std::size_t i = 0; i < rounds * calls; ++i) {
        if (i % calls == 0) in_step.arrive_and_wait();
        WEIR_INFO(test.log(), "thread {} record {} {}", t, i, std::string(i * 10, 'x'));
      }
      in_step.arrive_and_wait();
    });
  for (auto& each : holders) each.join();
  WEIR_INFO(test.log(), "after");
  std::vector<std::size_t> next(threads);
  for (const auto& line : test.lines()) {
    std::size_t t = 0, i = 0;
    if (std::sscanf(line.c_str(), "thread %zu record %zu", &t, &i) == 2) CHECK(i == next.at(t)++);
  }
  const auto stats = test.stream().stats();
  CHECK(stats.written == threads * rounds * calls + 1);
  CHECK(stats.dropped() == 0);
  CHECK(stats.memory_bytes <= 16 * 1024);
}

TEST_CASE("overflow: what idle threads leave no room for is refused, not hung", "[log][overflow][concurrent]") {
  captured_stream test({.overflow = overflow_policy::block,
                        .memory_limit_bytes = 16 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 1024});
  std::latch holding(2), done(1);
  std::vector<std::thread> holders;
  for (int t = 0; t < 2; ++t)
    holders.emplace_back([&] {
      WEIR_INFO(test.log(), "holder");
      holding.count_down();
      done.wait();
    });
  holding.wait();
  auto laden = test.log().with(weir::field<"load">(std::string(9000, 'x')));
  WEIR_INFO(laden, "too much");
  CHECK(test.stream().stats().dropped_too_many_threads == 1);
  done.count_down();
  for (auto& each : holders) each.join();
  WEIR_INFO(test.log(), "after");
  test.stream().flush();
  CHECK(test.sink().count("after") == 1);
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 4);
  CHECK(stats.accepted == stats.written + stats.dropped());
}

TEST_CASE("overflow: large records and ordinary ones wait for the same memory", "[log][overflow][concurrent]") {
  captured_stream test({.overflow = overflow_policy::block,
                        .memory_limit_bytes = 64 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 32 * 1024});
  constexpr int calls = 300;
  const std::string large(20'000, 'x');
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < calls; ++i)
        if ((i + t) % 3 == 0)
          WEIR_INFO(test.log(), "large {}", large);
        else
          WEIR_INFO(test.log(), "small {}", i);
    });
  for (auto& each : threads) each.join();
  test.stream().flush(std::chrono::minutes(1));
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 4 * calls);
  CHECK(stats.written == 4 * calls);
}
