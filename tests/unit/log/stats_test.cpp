#include "weir/log/stats.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("stats: batches, writes and flushes are counted where they fall", "[log][stats]") {
  captured_stream test;
  test.sink().block();
  test.log().info("a batch of one");
  test.sink().wait_until_blocked();
  for (int i = 0; i < 3000; ++i) WEIR_INFO(test.log(), "{}", i);
  test.sink().unblock();
  CHECK(test.stream().sync(1min));
  test.log().info("once more");
  CHECK(test.stream().flush(1min));
  const auto stats = test.stream().stats();
  CHECK(stats.batch_records.sum == 3002);
  CHECK(stats.batch_records.counts[0] == 2);
  CHECK(stats.batch_records.count() == 4); // 2048 records are the most
  CHECK(stats.write_time.count() == stats.batch_records.count());
  CHECK(stats.write_time.sum > 0ns);
  CHECK(stats.flush_time.count() >= 1); // the backend flushes by itself, too
  CHECK(stats.sync_time.count() == 1);
  CHECK(stats.flush_time.sum > 0ns);
}

TEST_CASE("stats: the queue is seen to grow while a sink hangs, and to be empty after it", "[log][stats]") {
  captured_stream test({.memory_limit_bytes = 1 << 20, .chunk_bytes = 4096, .record_limit_bytes = 4096});
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  std::uint64_t last = 0;
  for (int step = 0; step < 4; ++step) {
    for (int i = 0; i < 1000; ++i) WEIR_INFO(test.log(), "{}", i);
    const auto now = test.stream().stats().queue_bytes;
    CHECK(now > last + 20'000);
    last = now;
  }
  CHECK(test.stream().stats().memory_limit_bytes == 1 << 20);
  test.sink().unblock();
  CHECK(test.stream().flush(1min));
  CHECK(test.stream().stats().queue_bytes == 0);
}

TEST_CASE("stats: memory stays below its limit under any load", "[log][stats][concurrent]") {
  // Many threads, records of all sizes, a sink that is slower than they are: with each policy.
  using weir::overflow_policy;
  constexpr std::size_t limit = 256 * 1024;
  const auto policy = GENERATE(overflow_policy::block, overflow_policy::block_with_limit,
                               overflow_policy::drop_newest, overflow_policy::drop_oldest);
  captured_stream test(
      {.overflow = {policy, 1ms}, .memory_limit_bytes = limit, .chunk_bytes = 4096, .record_limit_bytes = limit / 2});
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  std::atomic<bool> over{false};
  std::size_t most = 0;
  std::thread watcher([&] {
    const auto look = [&] { most = std::max<std::size_t>(most, test.stream().stats().memory_bytes); };
    while (most < limit / 2) look(); // nothing is written: it fills up
    for (int i = 0; !over; ++i) {
      look();
      if (i % 64 == 0) test.sink().unblock();
      if (i % 64 == 32) test.sink().block();
    }
    test.sink().unblock();
  });
  constexpr int threads = 8, calls = 300;
  std::vector<std::thread> producers;
  for (int t = 0; t < threads; ++t)
    producers.emplace_back([&, t] {
      for (int i = 0; i < calls; ++i) {
        const std::size_t size =
            (i + t) % 16 == 0 ? limit : static_cast<std::size_t>(37 * i + t) % 6000; // cut, or not
        WEIR_INFO(test.log(), "{} {}", std::string(size, 'x'), i);
      }
    });
  for (auto& each : producers) each.join();
  over = true;
  watcher.join();
  CHECK(most <= limit);
  CHECK(test.stream().flush(1min));
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == threads * calls + 1);
  CHECK(stats.accepted == stats.written + stats.dropped());
  if (policy == overflow_policy::block) CHECK(stats.dropped() == 0);
}
