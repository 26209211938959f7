#include "weir/log/rate_limit.hpp"

#include "weir/testing/manual_clock.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using weir::testing::manual_clock;
using manual_limit = weir::basic_rate_limit<manual_clock>;

namespace {

int passing(manual_limit& limit, int calls) {
  int passed = 0;
  for (int i = 0; i < calls; ++i) passed += limit.pass() ? 1 : 0;
  return passed;
}

} // namespace

TEST_CASE("rate_limit: so many pass in a window, and as many in the next", "[log][limit]") {
  manual_limit limit(5, 1s);
  CHECK(passing(limit, 100) == 5);
  manual_clock::advance(999'999us);
  CHECK(passing(limit, 100) == 0);
  manual_clock::advance(1us);
  CHECK(passing(limit, 100) == 5);
  manual_clock::advance(1h);
  CHECK(passing(limit, 3) == 3); // what is not used up is not saved up
  CHECK(passing(limit, 100) == 2);
}

TEST_CASE("rate_limit: a window begins with the first that passes", "[log][limit]") {
  manual_limit limit(2, 1s);
  manual_clock::advance(700ms);
  CHECK(limit.pass());
  manual_clock::advance(700ms); // no border of whole seconds counts
  CHECK(limit.pass());
  CHECK_FALSE(limit.pass());
  manual_clock::advance(299ms);
  CHECK_FALSE(limit.pass());
  manual_clock::advance(1ms);
  CHECK(passing(limit, 10) == 2);
}

TEST_CASE("rate_limit: what passes says how many did not", "[log][limit]") {
  manual_limit limit(2, 1s);
  CHECK(limit.pass().suppressed == 0);
  CHECK(limit.pass().suppressed == 0);
  CHECK(passing(limit, 40) == 0);
  CHECK(limit.unreported() == 40);
  manual_clock::advance(1s);
  CHECK(limit.pass().suppressed == 40);
  CHECK(limit.pass().suppressed == 0);
  CHECK(limit.unreported() == 0);
}

TEST_CASE("rate_limit: the ends of its ranges hold", "[log][limit]") {
  manual_limit most(65'535, 24h), shortest(1, 1us);
  CHECK(passing(most, 70'000) == 65'535);
  CHECK(passing(shortest, 10) == 1);
  manual_clock::advance(1us);
  CHECK(passing(shortest, 10) == 1);
  manual_clock::advance(24h - 2us);
  CHECK(passing(most, 10) == 0);
  manual_clock::advance(1us);
  CHECK(passing(most, 70'000) == 65'535);
}

TEST_CASE("rate_limit: values outside its ranges are refused by name and value", "[log][limit]") {
  CHECK_THROWS_WITH(weir::rate_limit(0), Catch::Contains("rate_limit's most is 0"));
  CHECK_THROWS_WITH(weir::rate_limit(65'536), Catch::Contains("65536"));
  CHECK_THROWS_WITH(weir::rate_limit(1, 0s), Catch::Contains("rate_limit's period (us) is 0"));
  CHECK_THROWS_WITH(weir::rate_limit(1, -5us), Catch::Contains("-5"));
  CHECK_THROWS_WITH(weir::rate_limit(1, 25h), Catch::Contains("24 h"));
}

TEST_CASE("rate_limit: with the steady clock, an hour is long enough for a test", "[log][limit]") {
  weir::rate_limit limit(3, 1h);
  int passed = 0;
  for (int i = 0; i < 1000; ++i) passed += limit.pass() ? 1 : 0;
  CHECK(passed == 3);
}

TEST_CASE("rate_limit: of all threads' calls together so many pass in a window", "[log][limit][concurrent]") {
  constexpr int threads = 4, calls = 5000, windows = 5;
  manual_limit limit(100, 1s);
  std::atomic<std::uint64_t> reported{0};
  for (int window = 0; window < windows; ++window) {
    std::atomic<int> passed{0};
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&] {
        for (int i = 0; i < calls; ++i)
          if (const auto permit = limit.pass()) {
            ++passed;
            reported += permit.suppressed;
          }
      });
    for (auto& each : all) each.join();
    CHECK(passed == 100);
    manual_clock::advance(1s);
  }
  CHECK(reported + limit.unreported() == windows * (threads * calls - 100));
}

TEST_CASE("rate_limit: while the clock moves no window lets more pass", "[log][limit][concurrent]") {
  constexpr int threads = 3, windows = 200;
  manual_limit limit(10, 1s);
  std::atomic<int> passed{0}, ended{0};
  std::atomic<std::uint64_t> reported{0}, called{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      do {
        ++called;
        if (const auto permit = limit.pass()) {
          ++passed;
          reported += permit.suppressed;
        }
      } while (!done.load(std::memory_order_relaxed));
      ++ended;
    });
  // Half a period a step: at most one window begins in two steps.
  for (int step = 0; step < 2 * windows; ++step) {
    manual_clock::advance(500ms);
    const std::uint64_t before = called;
    while (called < before + 20) std::this_thread::yield();
  }
  done.store(true, std::memory_order_relaxed);
  for (auto& each : all) each.join();
  CHECK(ended == threads);
  CHECK(passed <= 10 * (windows + 1));
  CHECK(static_cast<std::uint64_t>(passed) + reported + limit.unreported() == called);
}
