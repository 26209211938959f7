// Callback metrics: asked at each scrape, checked, and gone with their owner.
#include "weir/metrics/callback.hpp"

#include "weir/metrics/names.hpp"
#include "weir/metrics/registry.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using series_list = std::vector<weir::series_snapshot>;

std::optional<weir::family_snapshot> find(const weir::metrics_registry& registry, std::string_view name) {
  for (auto& family : registry.collect()) {
    if (family.name == name) return family;
  }
  return std::nullopt;
}

double errors_of(const weir::metrics_registry& registry, std::string_view name) {
  const auto errors = find(registry, "weir_metrics_callback_errors_total");
  for (const auto& series : errors->series) {
    if (series.label_values.front() == name) return series.value;
  }
  return 0;
}

constexpr weir::gauge_description waiting{"jobs_waiting", "Jobs that wait.", {"queue"}};

/// As lib/README.md has it.
class job_queue {
 public:
  explicit job_queue(weir::metrics_registry& registry)
      : shown_(registry.add_callback(waiting, [this] {
          return std::vector<weir::series_snapshot>{{.label_values = {"mail"}, .value = static_cast<double>(size())}};
        })) {}
  void add(int job) {
    const std::lock_guard hold(mutex_);
    jobs_.push_back(job);
  }
  std::size_t size() const {
    const std::lock_guard hold(mutex_);
    return jobs_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<int> jobs_;
  weir::callback_registration shown_; // last: it ends before what the callback reads
};

TEST_CASE("callback: an object shows its own state for as long as it lives", "[metrics][callback]") {
  weir::metrics_registry registry;
  {
    job_queue queue(registry);
    CHECK(find(registry, "jobs_waiting")->series.at(0).value == 0);
    queue.add(7);
    CHECK(find(registry, "jobs_waiting")->series.at(0).value == 1);
    CHECK(find(registry, "jobs_waiting")->series.at(0).label_values.at(0) == "mail");
  }
  CHECK_FALSE(find(registry, "jobs_waiting"));
}

TEST_CASE("callback: is asked anew at each scrape", "[metrics][callback]") {
  weir::metrics_registry registry;
  double bytes = 1;
  const auto held = registry.add_callback(weir::metric_names::log_queue,
                                          [&] { return series_list{{.label_values = {}, .value = bytes}}; });
  CHECK(find(registry, "weir_log_queue_bytes")->series.at(0).value == 1);
  bytes = 2;
  CHECK(find(registry, "weir_log_queue_bytes")->series.at(0).value == 2);
}

TEST_CASE("callback: labels and histograms", "[metrics][callback]") {
  weir::metrics_registry registry;
  const auto records = registry.add_callback(weir::metric_names::log_records, [] {
    return series_list{{.label_values = {"written"}, .value = 7}, {.label_values = {"dropped"}, .value = 1}};
  });
  const auto batches = registry.add_callback(weir::metric_names::log_batch, [] {
    return series_list{{.label_values = {}, .histogram = {.cumulative = {1, 1, 2, 2, 2, 2, 3}, .sum = 200'101}}};
  });
  CHECK(find(registry, "weir_log_records_total")->series.size() == 2);
  CHECK(find(registry, "weir_log_batch_records")->series.at(0).histogram.count() == 3);
  CHECK(errors_of(registry, "weir_log_batch_records") == 0);
}

TEST_CASE("callback: what would spoil the page is left out and counted", "[metrics][callback]") {
  weir::metrics_registry registry;
  const auto labels = registry.add_callback(weir::metric_names::log_records, [] {
    return series_list{{.label_values = {"a"}, .value = 1},
                       {.label_values = {"a"}, .value = 2},
                       {.label_values = {}, .value = 3},
                       {.label_values = {"b", "c"}, .value = 4},
                       {.label_values = {"\xff"}, .value = 5},
                       {.label_values = {"below"}, .value = -1},
                       {.label_values = {"none"}, .value = std::numeric_limits<double>::quiet_NaN()}};
  });
  const auto counts = registry.add_callback(weir::metric_names::log_batch, [] {
    return series_list{{.label_values = {}, .histogram = {.cumulative = {2, 1, 1, 1, 1, 1, 1}, .sum = 1}}};
  });
  const auto family = find(registry, "weir_log_records_total");
  REQUIRE(family->series.size() == 2);
  CHECK(family->series[0].value == 1);
  CHECK(family->series[1].label_values.front() == "\xef\xbf\xbd");
  // Five in each of two scrapes, this one included.
  CHECK(errors_of(registry, "weir_log_records_total") == 10);
  CHECK(find(registry, "weir_log_batch_records")->series.empty());
}

TEST_CASE("callback: one that throws spoils only its own family", "[metrics][callback]") {
  weir::metrics_registry registry;
  registry.add(weir::gauge_description{"fine", "Fine."}).with().set(1);
  const auto held = registry.add_callback(weir::gauge_description{"broken", "Broken."},
                                          []() -> series_list { throw std::runtime_error("no"); });
  CHECK(find(registry, "fine")->series.at(0).value == 1);
  CHECK(find(registry, "broken")->series.empty());
  // Once in each of three scrapes, this one included.
  CHECK(errors_of(registry, "broken") == 3);
}

TEST_CASE("callback: ends with its registration, and the name is free again", "[metrics][callback]") {
  weir::metrics_registry registry;
  const weir::gauge_description description{"queue_bytes", "Queue."};
  const auto one = [] { return series_list{{.label_values = {}, .value = 1}}; };
  {
    const auto held = registry.add_callback(description, one);
    CHECK_THROWS_AS((void)registry.add_callback(description, one), std::invalid_argument);
    CHECK_THROWS_AS(registry.add(description), std::invalid_argument);
  }
  CHECK_FALSE(find(registry, "queue_bytes"));
  auto again = registry.add_callback(description, one);
  CHECK(find(registry, "queue_bytes"));
  again = registry.add_callback(weir::gauge_description{"other_bytes", "Other."}, one);
  CHECK_FALSE(find(registry, "queue_bytes"));
  CHECK(find(registry, "other_bytes"));
  again.reset();
  registry.add(description).with().set(3);
  CHECK(find(registry, "queue_bytes")->series.at(0).value == 3);
  CHECK_THROWS_AS((void)registry.add_callback(weir::gauge_description{"x", "X."}, nullptr), std::invalid_argument);
}

TEST_CASE("callback: a registration may outlive its registry", "[metrics][callback]") {
  weir::callback_registration held;
  {
    weir::metrics_registry registry;
    held = registry.add_callback(weir::gauge_description{"a", "A."}, [] { return series_list{}; });
  }
  held.reset();
  SUCCEED();
}

TEST_CASE("callback: may use the registry that asks it", "[metrics][callback]") {
  weir::metrics_registry registry;
  const auto held = registry.add_callback(weir::gauge_description{"a", "A."}, [&] {
    registry.add(weir::counter_description{"asked_total", "Asked."}).with().add();
    return series_list{{.label_values = {}, .value = 1}};
  });
  CHECK(find(registry, "a")->series.size() == 1);
  CHECK(find(registry, "asked_total")->series.at(0).value == 2);
}

TEST_CASE("callback: one that reads its own registry gets all but itself", "[metrics][callback]") {
  weir::metrics_registry registry;
  const auto plain = registry.add_callback(weir::gauge_description{"plain", "Plain."}, [] { return series_list(1); });
  std::size_t seen = 0;
  const auto held = registry.add_callback(weir::gauge_description{"series", "Series there are."}, [&] {
    seen = 0;
    for (const auto& family : registry.collect()) seen += family.series.size();
    return series_list{{.label_values = {}, .value = static_cast<double>(seen)}};
  });
  CHECK(find(registry, "series")->series.size() == 1);
  CHECK(seen == 2); // the other one, and the count of errors
  CHECK(find(registry, "series")->series.at(0).value == 2);
  CHECK(errors_of(registry, "series") == 3);
  CHECK(errors_of(registry, "plain") == 0);
}

TEST_CASE("callback: two that read each other's registries do not wait for each other",
          "[metrics][callback][concurrent]") {
  weir::metrics_registry one, other;
  std::barrier both(2);
  std::atomic<int> calls{0};
  const auto reading = [&](const weir::metrics_registry& registry) {
    return [&] {
      if (calls++ < 2) both.arrive_and_wait(); // each thread in its callback
      (void)registry.collect();
      return series_list(1);
    };
  };
  const auto in_one = one.add_callback(weir::gauge_description{"a", "A."}, reading(other));
  const auto in_other = other.add_callback(weir::gauge_description{"b", "B."}, reading(one));
  std::jthread scraper([&] { (void)one.collect(); });
  (void)other.collect();
  scraper.join();
  CHECK(errors_of(one, "a") + errors_of(other, "b") >= 2);
}

TEST_CASE("callback: one that owns its registration goes with it", "[metrics][callback]") {
  struct owner {
    weir::callback_registration held;
  };
  weir::metrics_registry registry;
  auto owned = std::make_shared<owner>();
  const std::weak_ptr<owner> watched = owned;
  owned->held = registry.add_callback(weir::gauge_description{"a", "A."}, [owned] { return series_list(1); });
  owner* const last = owned.get();
  owned.reset();
  last->held.reset();
  CHECK(watched.expired());
  CHECK_FALSE(find(registry, "a"));
}

TEST_CASE("callback: one that ends its own registration is not called again", "[metrics][callback]") {
  weir::metrics_registry registry;
  int calls = 0;
  weir::callback_registration held;
  const auto alive = std::make_shared<int>(7);
  held = registry.add_callback(weir::gauge_description{"a", "A."}, [&, alive] {
    held.reset();
    calls += *alive; // what the call needs is there until it ends
    return series_list(1);
  });
  CHECK(find(registry, "a")->series.size() == 1);
  CHECK(calls == 7);
  CHECK(alive.use_count() == 1);
  CHECK_FALSE(find(registry, "a"));
}

TEST_CASE("callback: none is called after its registration has ended", "[metrics][callback][concurrent]") {
  weir::metrics_registry registry;
  std::atomic<bool> done{false};
  std::jthread scraper([&] {
    // relaxed: only ends the loop; joining synchronises.
    while (!done.load(std::memory_order_relaxed)) (void)registry.collect();
  });
  for (int i = 0; i < 200; ++i) {
    // Freed right after the registration: a late call would read freed memory.
    auto owned = std::make_unique<double>(i);
    auto held = registry.add_callback(weir::gauge_description{"owned", "Owned."}, [value = owned.get()] {
      return series_list{{.label_values = {}, .value = *value}};
    });
    held.reset();
    owned.reset();
  }
  // relaxed: see above.
  done.store(true, std::memory_order_relaxed);
  scraper.join();
  SUCCEED();
}

} // namespace
