// Histograms: the right bucket for every value, exact counts, a count that is the last bucket.
#include "weir/metrics/histogram.hpp"

#include "weir/metrics/names.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
using counts = std::vector<std::uint64_t>;

TEST_CASE("histogram: a bound belongs to the bucket below it", "[metrics][histogram]") {
  const std::vector<double> bounds{1, 2, 5};
  weir::histogram sizes(bounds);
  for (const double value : {0.5, 1.0, 1.5, 2.0, 2.0000001, 5.0, 5.1}) sizes.observe(value);
  const auto value = sizes.value();
  CHECK(value.cumulative == counts{2, 4, 6, 7});
  CHECK(value.count() == 7);
  CHECK(value.sum == Approx(17.1000001));
}

TEST_CASE("histogram: negative values and zero are in the first bucket", "[metrics][histogram]") {
  const std::vector<double> bounds{1};
  weir::histogram h(bounds);
  h.observe(-5.0);
  h.observe(0.0);
  h.observe(-0.0);
  h.observe(-infinity);
  CHECK(h.value().cumulative == counts{4, 4});
  CHECK(h.value().sum == -5.0);
}

TEST_CASE("histogram: what is not finite is counted and does not spoil the sum", "[metrics][histogram]") {
  const std::vector<double> bounds{1, 2};
  weir::histogram h(bounds);
  h.observe(infinity);
  h.observe(std::numeric_limits<double>::quiet_NaN());
  h.observe(1.5);
  CHECK(h.value().cumulative == counts{0, 1, 3});
  CHECK(h.value().sum == 1.5);
}

TEST_CASE("histogram: durations are seconds", "[metrics][histogram]") {
  weir::histogram h(weir::metric_names::request_seconds);
  h.observe(std::chrono::milliseconds(30));
  h.observe(std::chrono::nanoseconds(1));
  h.observe(std::chrono::hours(1));
  const auto value = h.value();
  CHECK(value.cumulative.front() == 1);
  CHECK(value.cumulative[3] == 2);
  CHECK(value.count() == 3);
  CHECK(value.sum == Approx(3600.030000001));
}

TEST_CASE("histogram: every number of bounds finds the bucket that a plain search finds", "[metrics][histogram]") {
  std::mt19937_64 random(1);
  for (std::size_t size = 1; size <= 40; ++size) {
    std::vector<double> bounds;
    for (std::size_t i = 0; i < size; ++i) bounds.push_back(static_cast<double>(i));
    weir::histogram h(bounds);
    counts expected(size + 1);
    std::uniform_real_distribution<double> values(-2, static_cast<double>(size) + 1);
    for (int i = 0; i < 500; ++i) {
      const double value = i % 3 == 0 ? std::floor(values(random)) : values(random);
      h.observe(value);
      for (std::size_t bucket = 0; bucket <= size; ++bucket) {
        if (bucket == size || value <= bounds[bucket]) ++expected[bucket];
      }
    }
    REQUIRE(h.value().cumulative == expected);
  }
}

TEST_CASE("histogram: bounds that are empty, not finite or not growing are refused by value",
          "[metrics][histogram]") {
  const auto message = [](const std::vector<double>& bounds) -> std::string {
    try {
      weir::histogram h(bounds);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return {};
  };
  CHECK(message({}).find("no bucket") != std::string::npos);
  CHECK(message({1, infinity}).find("inf") != std::string::npos);
  CHECK(message({std::numeric_limits<double>::quiet_NaN()}).find("nan") != std::string::npos);
  CHECK(message({1, 2.5, 2.25}).find("2.25 after 2.5") != std::string::npos);
  CHECK(message({1, 1}).find("1 after 1") != std::string::npos);
  CHECK(message({1, 2}).empty());
}

TEST_CASE("histogram: exact from 8 threads, and a scrape meanwhile is consistent",
          "[metrics][histogram][concurrent]") {
  constexpr int threads = 8;
  constexpr int rounds = 50'000;
  const std::vector<double> bounds{1, 2, 3};
  weir::histogram h(bounds);
  std::atomic<bool> done{false};
  std::atomic<int> inconsistent{0};
  {
    std::jthread reader([&] {
      std::uint64_t last = 0;
      // relaxed: only ends the loop and counts; joining synchronises.
      while (!done.load(std::memory_order_relaxed)) {
        const auto now = h.value();
        const bool good = std::is_sorted(now.cumulative.begin(), now.cumulative.end()) && now.count() >= last;
        if (!good) inconsistent.fetch_add(1, std::memory_order_relaxed);
        last = now.count();
      }
    });
    {
      std::vector<std::jthread> writers;
      for (int t = 0; t < threads; ++t) {
        writers.emplace_back([&] {
          for (int i = 0; i < rounds; ++i) h.observe(i % 4 + 0.5);
        });
      }
    }
    // relaxed: see above.
    done.store(true, std::memory_order_relaxed);
  }
  CHECK(inconsistent == 0);
  constexpr std::uint64_t quarter = std::uint64_t{threads} * rounds / 4;
  CHECK(h.value().cumulative == counts{quarter, 2 * quarter, 3 * quarter, 4 * quarter});
  // Sums of halves are exact in a double.
  CHECK(h.value().sum == static_cast<double>(quarter) * 8);
}

} // namespace
