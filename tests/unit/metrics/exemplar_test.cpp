// Exemplars: the first of each bucket since the page before, whole, and none without a trace.
#include "weir/metrics/exemplars.hpp"

#include "weir/metrics/callback.hpp"
#include "weir/metrics/histogram.hpp"
#include "weir/metrics/registry.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <latch>
#include <limits>
#include <thread>
#include <vector>

namespace {

constexpr std::array bounds{1.0, 2.0, 3.0};

weir::correlation trace(std::uint64_t number) {
  return {.trace_id_high = number, .trace_id_low = ~number, .span_id = number + 1};
}

TEST_CASE("exemplar: a histogram without traces has none", "[metrics][exemplar]") {
  weir::histogram h(bounds);
  h.observe(1.5);
  h.observe(1.5, weir::correlation());
  h.observe(std::chrono::seconds(2), weir::correlation());
  CHECK(h.value().exemplars.empty());
  CHECK(h.value().count() == 3);
}

TEST_CASE("exemplar: each bucket has its own, with value, ids and time", "[metrics][exemplar]") {
  using clock = std::chrono::system_clock;
  const auto before = clock::now();
  weir::histogram h(bounds);
  h.observe(0.5, trace(7));
  h.observe(std::chrono::milliseconds(2500), trace(8));
  const auto value = h.value();
  REQUIRE(value.exemplars.size() == 4);
  CHECK(value.exemplars[0].value == 0.5);
  CHECK(value.exemplars[0].trace_id_high == 7);
  CHECK(value.exemplars[0].trace_id_low == ~std::uint64_t{7});
  CHECK(value.exemplars[0].span_id == 8);
  CHECK(value.exemplars[0].time >= before);
  CHECK(value.exemplars[0].time <= clock::now());
  CHECK_FALSE(value.exemplars[1].exists());
  CHECK(value.exemplars[2].value == 2.5);
  CHECK_FALSE(value.exemplars[3].exists());
  CHECK(value.cumulative == std::vector<std::uint64_t>{1, 1, 2, 2});
  CHECK(value.sum == 3);
}

TEST_CASE("exemplar: the first since the page before, and that one again if nothing followed",
          "[metrics][exemplar]") {
  weir::histogram h(bounds);
  for (std::uint64_t i = 1; i <= 5; ++i) h.observe(0.5, trace(i));
  CHECK(h.value().exemplars[0].trace_id_high == 1);
  const auto again = h.value().exemplars;
  CHECK(again[0].trace_id_high == 1);
  CHECK(h.value().exemplars == again);
  for (std::uint64_t i = 6; i <= 9; ++i) h.observe(0.5, trace(i));
  CHECK(h.value().exemplars[0].trace_id_high == 6);
}

TEST_CASE("exemplar: what is not finite is counted and is none", "[metrics][exemplar]") {
  weir::histogram h(bounds);
  h.observe(std::numeric_limits<double>::quiet_NaN(), trace(1));
  h.observe(std::numeric_limits<double>::infinity(), trace(2));
  CHECK(h.value().count() == 2);
  CHECK_FALSE(h.value().exemplars[3].exists());
  h.observe(9, trace(3));
  CHECK(h.value().exemplars[3].trace_id_high == 3);
}

TEST_CASE("exemplar: a callback's are shown if there is one for each bucket", "[metrics][exemplar]") {
  weir::metrics_registry registry;
  std::size_t count = 4;
  const auto held = registry.add_callback(weir::histogram_description{"a_seconds", "A.", {}, bounds}, [&] {
    weir::series_snapshot one;
    one.histogram.cumulative = {1, 1, 1, 1};
    one.histogram.exemplars.resize(count);
    one.histogram.exemplars[0] = {.value = 0.5, .trace_id_low = 1};
    return std::vector{one};
  });
  const auto shown = [&] { return registry.collect().front().series; };
  REQUIRE(shown().size() == 1);
  CHECK(shown().front().histogram.exemplars.front().exists());
  count = 3;
  CHECK(shown().empty());
}

TEST_CASE("exemplar: never torn, and every observation counted, under eight threads and two that scrape",
          "[metrics][exemplar][concurrent]") {
  constexpr int threads = 8;
  constexpr std::uint64_t rounds = 20'000;
  weir::histogram h(bounds);
  std::atomic<bool> done{false};
  std::atomic<int> torn{0}, seen{0};
  {
    const auto scrape = [&] {
      // relaxed, here and below: joining synchronises.
      while (!done.load(std::memory_order_relaxed)) {
        for (const weir::exemplar& each : h.value().exemplars) {
          if (!each.exists()) continue;
          seen.fetch_add(1, std::memory_order_relaxed);
          const bool whole = each.trace_id_low == ~each.trace_id_high && each.span_id == each.trace_id_high + 1 &&
                             each.value == static_cast<double>(each.trace_id_high % 4) + 0.5;
          if (!whole) torn.fetch_add(1, std::memory_order_relaxed);
        }
      }
    };
    std::jthread one(scrape), other(scrape);
    {
      std::latch all_started(threads);
      std::vector<std::jthread> writers;
      for (std::uint64_t t = 0; t < threads; ++t) {
        writers.emplace_back([&, t] {
          all_started.arrive_and_wait(); // the first of them makes the slots
          for (std::uint64_t i = 0; i < rounds; ++i) {
            const std::uint64_t number = t * rounds + i;
            h.observe(static_cast<double>(number % 4) + 0.5, trace(number));
          }
        });
      }
    }
    done.store(true, std::memory_order_relaxed);
  }
  CHECK(torn == 0);
  CHECK(h.value().count() == threads * rounds);
  CHECK(h.value().sum == threads * rounds * 2.0);
  for (const weir::exemplar& each : h.value().exemplars) CHECK(each.exists());
}

} // namespace
