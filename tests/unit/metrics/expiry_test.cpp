// Series that stand still leave the page and come back with all that they have counted.
#include "weir/metrics/family.hpp"

#include "weir/metrics/registry.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr weir::counter_description jobs{"jobs_total", "Jobs.", {"queue"}};
constexpr std::array bounds{1.0};

/// The series of a family that a page has now.
std::vector<weir::series_snapshot> series_of(const weir::metrics_registry& registry, std::string_view name) {
  for (auto& family : registry.collect()) {
    if (family.name == name) return family.series;
  }
  return {};
}

/// Makes pages until the family has this many series, or ten seconds have passed.
bool comes_to(const weir::metrics_registry& registry, std::string_view name, std::size_t count) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (series_of(registry, name).size() != count) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_CASE("expiry: without it a series that stands still stays on the page", "[metrics][expiry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(jobs, {.idle_after = 24h});
  family.with({"mail"}).add();
  registry.add(weir::gauge_description{"active", "Active."}).with();
  for (int page = 0; page < 3; ++page) {
    CHECK(series_of(registry, "jobs_total").size() == 1);
    CHECK(series_of(registry, "active").size() == 1);
  }
}

TEST_CASE("expiry: an idle series leaves the page and is back, exact, when it counts", "[metrics][expiry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(jobs, {.idle_after = 1ms});
  weir::counter& mail = family.with({"mail"});
  family.with({"never"});
  mail.add(3);
  CHECK(series_of(registry, "jobs_total").size() >= 1);
  CHECK(comes_to(registry, "jobs_total", 0));
  // Who adds them up gets them all the same.
  CHECK(family.collect_all().series.size() == 2);
  // The reference has stayed what it was.
  CHECK(&family.with({"mail"}) == &mail);
  mail.add(4);
  const auto back = series_of(registry, "jobs_total");
  REQUIRE(back.size() == 1);
  CHECK(back.front().label_values == std::vector<std::string>{"mail"});
  CHECK(back.front().value == 7);
  CHECK(comes_to(registry, "jobs_total", 0));
}

TEST_CASE("expiry: a histogram goes by its observations, zeroes included", "[metrics][expiry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(weir::histogram_description{"a_seconds", "A.", {}, bounds}, {.idle_after = 1ms});
  family.with().observe(5);
  CHECK(series_of(registry, "a_seconds").size() == 1);
  CHECK(comes_to(registry, "a_seconds", 0));
  family.with().observe(0);
  const auto back = series_of(registry, "a_seconds");
  REQUIRE(back.size() == 1);
  CHECK(back.front().histogram.count() == 2);
}

TEST_CASE("expiry: a gauge leaves only at zero", "[metrics][expiry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(weir::gauge_description{"active", "Active.", {"x"}}, {.idle_after = 1ms});
  family.with({"busy"}).add(2);
  family.with({"done"}).add(1);
  family.with({"done"}).subtract(1);
  CHECK(comes_to(registry, "active", 1));
  std::this_thread::yield();
  const auto left = series_of(registry, "active");
  REQUIRE(left.size() == 1);
  CHECK(left.front().label_values.front() == "busy");
  family.with({"busy"}).subtract(2);
  CHECK(comes_to(registry, "active", 0));
}

TEST_CASE("expiry: a series that has left keeps its place under the cap", "[metrics][expiry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(jobs, {.max_series = 1, .idle_after = 1ms});
  family.with({"one"}).add();
  CHECK(series_of(registry, "jobs_total").size() == 1);
  CHECK(comes_to(registry, "jobs_total", 0));
  family.with({"two"}).add();
  const auto page = series_of(registry, "jobs_total");
  REQUIRE(page.size() == 1);
  CHECK(page.front().label_values.front() == weir::overflow_label_value);
}

TEST_CASE("expiry: a time out of range is refused by value", "[metrics][expiry]") {
  weir::metrics_registry registry;
  for (const auto time : {std::chrono::milliseconds(-1), std::chrono::milliseconds(366 * 24h)}) {
    try {
      registry.add(jobs, {.idle_after = time});
      FAIL("was taken");
    } catch (const std::invalid_argument& error) {
      CHECK(std::string(error.what()).find("idle_after " + std::to_string(time.count())) < 200);
    }
  }
  CHECK_NOTHROW(registry.add(jobs, {.idle_after = 365 * 24h}));
}

TEST_CASE("expiry: pages made at the same time lose no series that counts", "[metrics][expiry][concurrent]") {
  weir::metrics_registry registry;
  auto& family = registry.add(jobs, {.idle_after = 24h});
  weir::counter& mail = family.with({"mail"});
  std::atomic<int> missing{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        mail.add();
        // relaxed: joining synchronises.
        if (series_of(registry, "jobs_total").size() != 1) missing.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  threads.clear();
  CHECK(missing == 0);
  CHECK(series_of(registry, "jobs_total").front().value == 900);
}

} // namespace
