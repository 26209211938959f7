#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int records_per_thread = 20'000;
#else
constexpr int records_per_thread = 1'000'000;
#endif

/// Checks what "{thread} {number}" messages promise, and keeps nothing: neither numbers nor times may go back.
class order_checker final : public weir::sink {
 public:
  explicit order_checker(std::size_t threads) : sink("order checker"), next_(threads, 0) {}

  void append(const weir::record& entry) override {
    message_.clear();
    entry.append_raw_message(message_);
    const char* const end = message_.data() + message_.size();
    std::size_t thread = 0;
    int number = 0;
    const char* const space = std::from_chars(message_.data(), end, thread).ptr;
    std::from_chars(space + 1, end, number);
    if (thread >= next_.size() || number != next_[thread]++) ++out_of_order;
    if (entry.unix_nanoseconds() < last_time_) ++back_in_time;
    last_time_ = entry.unix_nanoseconds();
    ++records;
  }
  weir::commit_result commit() override { return {}; }

  // Written by the backend, read after close().
  std::size_t records = 0, out_of_order = 0, back_in_time = 0;

 private:
  weir::text_buffer message_;
  std::vector<int> next_;
  std::int64_t last_time_ = INT64_MIN;
};

/// Logs when the thread's thread_local objects are destroyed, this one among them.
struct logs_at_thread_end {
  weir::logger* log = nullptr;
  ~logs_at_thread_end() {
    if (log != nullptr)
      for (int i = 0; i < 3; ++i) WEIR_INFO(*log, "at the end {}", i);
  }
};

} // namespace

TEST_CASE("threads: eight of them arrive complete, each in order, all in time order", "[log][threads][concurrent]") {
  constexpr int threads = 8;
  const auto checker = std::make_shared<order_checker>(threads);
  weir::log_stream stream({.sinks = {checker}});
  weir::logger& log = stream.get_logger("l");
  std::latch start(threads);
  std::vector<std::thread> producers;
  for (int t = 0; t < threads; ++t)
    producers.emplace_back([&, t] {
      start.arrive_and_wait();
      for (int i = 0; i < records_per_thread; ++i) WEIR_INFO(log, "{} {}", t, i);
    });
  for (auto& each : producers) each.join();
  CHECK(stream.close(std::chrono::minutes(4)));
  const auto stats = stream.stats();
  CHECK(stats.accepted == std::uint64_t{threads} * records_per_thread);
  CHECK(stats.written == stats.accepted);
  CHECK(checker->records == stats.accepted);
  CHECK(checker->out_of_order == 0);
  CHECK(checker->back_in_time == 0);
}

TEST_CASE("threads: with causal stamps order holds between threads that speak by turns", "[log][threads][concurrent]") {
  // Each record is logged after another thread's, and knows it: any mistake in the merging shows.
  constexpr int threads = 4, turns = 4000;
  weir::set_stamp_order(weir::stamp_order::causal);
  captured_stream test;
  std::atomic<int> turn{0};
  std::vector<std::thread> speakers;
  for (int t = 0; t < threads; ++t)
    speakers.emplace_back([&, t] {
      for (int i = t; i < turns; i += threads) {
        while (turn.load() != i) std::this_thread::yield();
        WEIR_INFO(test.log(), "{}", i);
        turn.store(i + 1);
      }
    });
  for (auto& each : speakers) each.join();
  weir::set_stamp_order(weir::stamp_order::loose);
  const auto lines = test.lines();
  REQUIRE(lines.size() == turns);
  for (int i = 0; i < turns; ++i)
    if (lines[static_cast<std::size_t>(i)] != std::to_string(i))
      FAIL(i << ": " << lines[static_cast<std::size_t>(i)]);
}

TEST_CASE("threads: a thousand that come and go leave all their records", "[log][threads][concurrent]") {
  captured_stream test({.memory_limit_bytes = 2 << 20});
  for (int round = 0; round < 125; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, id = round * 8 + t] {
        for (int i = 0; i < 3; ++i) WEIR_INFO(test.log(), "{} {}", id, i);
      });
    for (auto& each : threads) each.join();
  }
  CHECK(test.lines().size() == 3000);
  CHECK(test.sink().count(" 2") >= 1000);
  const auto stats = test.stream().stats();
  CHECK(stats.written == 3000);
  CHECK(stats.memory_bytes <= 2 << 20);
}

TEST_CASE("threads: what thread_local destructors log arrives", "[log][threads][concurrent]") {
  captured_stream test;
  std::thread([&] {
    // Constructed before the thread has logged, so destroyed after the thread's producer.
    thread_local logs_at_thread_end late;
    late.log = &test.log();
    WEIR_INFO(test.log(), "first");
  }).join();
  std::thread([&] {
    WEIR_INFO(test.log(), "first");
    thread_local logs_at_thread_end early;
    early.log = &test.log();
  }).join();
  std::thread([&] {
    thread_local logs_at_thread_end only; // nothing logged before
    only.log = &test.log();
  }).join();
  const std::vector<std::string> expected{
      "first",        "at the end 0", "at the end 1", "at the end 2", // the first thread
      "first",        "at the end 0", "at the end 1", "at the end 2", // the second
      "at the end 0", "at the end 1", "at the end 2"};
  CHECK(test.lines() == expected);
  CHECK(test.stream().stats().written == 11);
}

TEST_CASE("threads: a stream may end before the threads that logged to it", "[log][threads][concurrent]") {
  std::latch logged(1), ended(1);
  std::optional<captured_stream> test(std::in_place);
  std::vector<std::string> other_lines;
  std::thread thread([&] {
    WEIR_INFO(test->log(), "x");
    logged.count_down();
    ended.wait();
    captured_stream another;
    WEIR_INFO(another.log(), "y");
    other_lines = another.lines();
  });
  logged.wait();
  test.reset();
  ended.count_down();
  thread.join();
  CHECK(other_lines == std::vector<std::string>{"y"});
}

TEST_CASE("threads: close() while they log loses nothing uncounted", "[log][threads][concurrent]") {
  constexpr int rounds = 30, threads = 3;
  for (int round = 0; round < rounds; ++round) {
    captured_stream test(
        {.overflow = round % 2 == 0 ? weir::overflow_policy::block : weir::overflow_policy::drop_newest,
         .memory_limit_bytes = 64 * 1024,
         .chunk_bytes = 4096,
         .record_limit_bytes = 16 * 1024});
    std::atomic<std::uint64_t> calls{0};
    std::latch closed(1);
    std::vector<std::thread> producers;
    for (int t = 0; t < threads; ++t)
      producers.emplace_back([&, t] {
        std::uint64_t mine = 0;
        // Some of them with a chunk for each record, which is the backend's as soon as it is published.
        const std::string text(t == 0 ? 5000 : 10, 'x');
        for (; !closed.try_wait() || mine < 200; ++mine) WEIR_INFO(test.log(), "{} {}", mine, text);
        calls += mine;
      });
    while (test.stream().stats().written < static_cast<std::uint64_t>(10 * round)) std::this_thread::yield();
    CHECK(test.stream().close(std::chrono::minutes(1)));
    closed.count_down();
    for (auto& each : producers) each.join();
    const auto stats = test.stream().stats();
    CHECK(stats.accepted == calls);
    CHECK(stats.accepted == stats.written + stats.dropped());
    CHECK(test.sink().size() - test.sink().count("records dropped") == stats.written);
  }
}

TEST_CASE("threads: statistics never show more written and dropped than accepted", "[log][threads][concurrent]") {
  captured_stream test({.overflow = weir::overflow_policy::drop_newest,
                        .memory_limit_bytes = 64 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 16 * 1024});
  test.sink().lose_last(1);
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  std::thread watcher([&] {
    std::uint64_t last = 0;
    while (!over) {
      const auto stats = test.stream().stats();
      if (stats.accepted < stats.written + stats.dropped() || stats.accepted < last) ++wrong;
      last = stats.accepted;
    }
  });
  std::vector<std::thread> producers;
  for (int t = 0; t < 2; ++t)
    producers.emplace_back([&] {
      for (int i = 0; i < 50'000; ++i) WEIR_INFO(test.log(), "{}", i);
    });
  for (auto& each : producers) each.join();
  test.stream().close(std::chrono::minutes(1));
  over = true;
  watcher.join();
  CHECK(wrong == 0);
  CHECK(test.stream().stats().accepted == 100'000);
}

TEST_CASE("threads: flushes from many of them are all answered", "[log][threads][concurrent]") {
  captured_stream test;
  std::atomic<int> unanswered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string mine = fmt::format("thread {} record {}.", t, i);
        WEIR_INFO(test.log(), "{}", mine);
        if (!test.stream().flush(std::chrono::minutes(1)) || test.sink().count(mine) != 1) ++unanswered;
      }
    });
  for (auto& each : threads) each.join();
  CHECK(unanswered == 0);
}

TEST_CASE("threads: loggers and their sinks are made while others log", "[log][threads][concurrent]") {
  captured_stream test;
  std::vector<std::shared_ptr<weir::testing::capturing_sink>> own;
  for (int i = 0; i < 40; ++i) own.push_back(std::make_shared<weir::testing::capturing_sink>(as_bare_text()));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = t; i < 40; i += 4) {
        const auto name = std::to_string(i);
        weir::logger& log = test.stream().get_logger(name, {own[static_cast<std::size_t>(i)]});
        for (int k = 0; k < 100; ++k) WEIR_INFO(log, "{}", k);
        test.stream().get_logger("shared").info("{}", i);
      }
    });
  for (auto& each : threads) each.join();
  CHECK(test.lines().size() == 40);
  for (const auto& each : own) CHECK(each->size() == 100);
}
