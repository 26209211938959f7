// Counters and gauges: exact from any number of threads, with and without shards of their own.
#include "weir/metrics/counter.hpp"

#include "weir/metrics/gauge.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

namespace {

constexpr std::uint64_t rounds = 200'000;

// More threads at the same time than there are own shards on any machine, so that some share the common ones.
template <class Body>
void run_threads(int count, Body body) {
  std::latch all_started(count);
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      // Every thread decides on its shard while all the others live.
      body(i, 0);
      all_started.arrive_and_wait();
      body(i, 1);
    });
  }
}

TEST_CASE("counter: counts what is added", "[metrics][counter]") {
  weir::counter events;
  CHECK(events.value() == 0);
  events.add();
  events.add(41);
  events.add(0);
  CHECK(events.value() == 42);
}

template <class Metric, class Amount>
concept addable = requires(Metric& metric, Amount amount) {
  metric.add(amount);
};
template <class Metric, class Amount>
concept subtractable = requires(Metric& metric, Amount amount) {
  metric.subtract(amount);
};
static_assert(addable<weir::counter, int> && addable<weir::counter, unsigned char> &&
              addable<weir::counter, long long> && addable<weir::gauge, unsigned> && addable<weir::gauge, int>);
// Of a fraction nothing would be counted.
static_assert(!addable<weir::counter, double> && !addable<weir::counter, float> && !addable<weir::gauge, double> &&
              !subtractable<weir::gauge, float>);

TEST_CASE("counter: a negative amount does not make it fall", "[metrics][counter]") {
  weir::counter events;
  events.add(5);
  events.add(-1);
  const int difference = -7;
  events.add(difference);
  CHECK(events.value() == 5);
}

TEST_CASE("counter: exact from 8 threads", "[metrics][counter][concurrent]") {
  weir::counter events;
  run_threads(8, [&](int, int phase) {
    for (std::uint64_t i = 0; i < (phase == 0 ? 1 : rounds); ++i) events.add();
  });
  CHECK(events.value() == 8 * (rounds + 1));
}

TEST_CASE("counter: exact from more threads than there are own shards", "[metrics][counter][concurrent]") {
  weir::counter events;
  run_threads(80, [&](int, int phase) {
    for (std::uint64_t i = 0; i < (phase == 0 ? 1 : 2'000); ++i) events.add();
  });
  CHECK(events.value() == 80 * 2'001);
}

TEST_CASE("counter: exact over threads that come and go", "[metrics][counter][concurrent]") {
  weir::counter events;
  for (int generation = 0; generation < 50; ++generation) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n) events.add();
      });
    }
  }
  CHECK(events.value() == 50 * 4 * 100);
}

TEST_CASE("counter: a reader sees it only grow", "[metrics][counter][concurrent]") {
  weir::counter events;
  std::atomic<bool> done{false};
  std::atomic<int> shrunk{0};
  std::jthread reader([&] {
    std::uint64_t last = 0;
    // relaxed, here and below: joining synchronises.
    while (!done.load(std::memory_order_relaxed)) {
      const std::uint64_t now = events.value();
      if (now < last) shrunk.fetch_add(1, std::memory_order_relaxed);
      last = now;
    }
  });
  run_threads(4, [&](int, int) {
    for (std::uint64_t i = 0; i < rounds / 2; ++i) events.add();
  });
  done.store(true, std::memory_order_relaxed);
  reader.join();
  CHECK(shrunk == 0);
  CHECK(events.value() == 4 * rounds);
}

// Counts when its thread has already given its shard back, or before: the order of thread-local destructors is fixed
// by the order of construction.
struct counts_late {
  weir::counter* events = nullptr;
  ~counts_late() {
    if (events != nullptr) events->add();
  }
};
thread_local counts_late late;

TEST_CASE("counter: a thread-local destructor may count after its thread gave its shard back",
          "[metrics][counter][concurrent]") {
  weir::counter events;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      // Built before the loan of the shard and so destroyed after it.
      late.events = &events;
      events.add();
    });
  }
  threads.clear();
  CHECK(events.value() == 8);
}

TEST_CASE("gauge: goes up and down and can be set", "[metrics][gauge]") {
  weir::gauge active;
  active.add();
  active.add(5);
  active.subtract(2);
  CHECK(active.value() == 4);
  active.subtract(10);
  CHECK(active.value() == -6);
  active.set(2.5);
  CHECK(active.value() == 2.5);
  active.add(1);
  CHECK(active.value() == 3.5);
  active.set(-7);
  CHECK(active.value() == -7);
}

TEST_CASE("gauge: what is set is exact as far as a double of what was added is", "[metrics][gauge]") {
  weir::gauge active;
  const std::int64_t most = (std::int64_t{1} << 52) - 1;
  active.add(-most);
  active.set(static_cast<double>(most));
  CHECK(active.value() == static_cast<double>(most));
  active.set(42);
  CHECK(active.value() == 42);
  active.add(most + 3'000'000'000);
  active.set(0.1);
  CHECK(std::abs(active.value() - 0.1) < 3e-7);
}

TEST_CASE("gauge: what every thread adds and takes away is zero at the end", "[metrics][gauge][concurrent]") {
  weir::gauge active;
  run_threads(8, [&](int thread, int phase) {
    for (std::uint64_t i = 0; i < (phase == 0 ? 1 : rounds); ++i) {
      // Half of the threads take away what the other half adds.
      if (thread % 2 == 0) active.add(3);
      if (thread % 2 == 1) active.subtract(3);
    }
  });
  CHECK(active.value() == 0);
}

} // namespace
