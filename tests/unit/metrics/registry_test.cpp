// Registry and families: one name, one meaning; bounded series; references that stay; scrapes while all goes on.
#include "weir/metrics/registry.hpp"

#include "weir/metrics/names.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using strings = std::vector<std::string>;

const weir::family_snapshot* find(const std::vector<weir::family_snapshot>& page, std::string_view name) {
  const auto found = std::find_if(page.begin(), page.end(), [&](const auto& family) { return family.name == name; });
  return found == page.end() ? nullptr : &*found;
}

double value_of(const weir::metrics_registry& registry, std::string_view name, const strings& labels) {
  const auto page = registry.collect();
  const auto* family = find(page, name);
  if (family == nullptr) return -1;
  for (const auto& series : family->series) {
    if (series.label_values == labels) return series.value;
  }
  return -1;
}

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

constexpr std::array bounds{1.0, 2.0};
constexpr std::array other_bounds{1.0, 3.0};
constexpr weir::counter_description jobs{"jobs_total", "Jobs.", {"queue", "result"}};

TEST_CASE("registry: a series is made once and keeps its address", "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(jobs);
  weir::counter& first = family.with({"mail", "done"});
  first.add(3);
  for (int i = 0; i < 500; ++i) family.with({"queue" + std::to_string(i), "done"}).add();
  CHECK(&family.with({"mail", "done"}) == &first);
  CHECK(&family.with({"done", "mail"}) != &first);
  CHECK(&family.with({"mail", ""}) != &first);
  CHECK(value_of(registry, "jobs_total", {"mail", "done"}) == 3);
  CHECK(value_of(registry, "jobs_total", {"queue499", "done"}) == 1);
}

TEST_CASE("registry: label values do not run into each other", "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(jobs);
  CHECK(&family.with({"ab", "c"}) != &family.with({"a", "bc"}));
  CHECK(&family.with({"", "x"}) != &family.with({"x", ""}));
}

TEST_CASE("registry: the same registration returns the same family", "[metrics][registry]") {
  weir::metrics_registry registry;
  CHECK(&registry.add(jobs) ==
        &registry.add(weir::counter_description{"jobs_total", "Another text.", {"queue", "result"}}));
  const weir::histogram_description sizes{"sizes_bytes", "Sizes.", {}, bounds};
  CHECK(&registry.add(sizes) == &registry.add(sizes));
  const weir::gauge_description active{"active", "Active."};
  CHECK(&registry.add(active).with() == &registry.add(active).with({}));
}

TEST_CASE("registry: the same name for something else is refused by name", "[metrics][registry]") {
  using weir::counter_description;
  using weir::gauge_description;
  using weir::histogram_description;
  weir::metrics_registry registry;
  registry.add(counter_description{"a_total", "A.", {"x"}});
  registry.add(gauge_description{"b", "B."});
  registry.add(histogram_description{"c_seconds", "C.", {}, bounds});
  CHECK(refusal([&] { registry.add(counter_description{"a_total", "A.", {"y"}}); }).find("a_total") < 100);
  CHECK(refusal([&] { registry.add(counter_description{"a_total", "A."}); }).find("a_total") < 100);
  CHECK(refusal([&] { registry.add(histogram_description{"b", "B.", {}, bounds}); }).find("\"b\"") < 100);
  CHECK(refusal([&] {
          registry.add(histogram_description{"c_seconds", "C.", {}, other_bounds});
        }).find("c_sec") < 100);
  // Names that only meet on the page.
  CHECK(refusal([&] { registry.add(gauge_description{"c_seconds_count", "C."}); }).find("c_seconds_count") < 100);
  CHECK(refusal([&] { registry.add(gauge_description{"a", "A."}); }).find("\"a\"") < 100);
  registry.add(gauge_description{"d_sum", "D."});
  CHECK(refusal([&] { registry.add(histogram_description{"d", "D.", {}, bounds}); }).find("\"d\"") < 100);
  // OpenMetrics keeps them for the times at which series were made.
  for (const char* name : {"a_created", "c_seconds_created"})
    CHECK(refusal([&] { registry.add(gauge_description{name, "C."}); }).find(name) < 100);
  registry.add(gauge_description{"e_created", "E."});
  CHECK(refusal([&] { registry.add(counter_description{"e_total", "E."}); }).find("e_created") < 100);
  CHECK(refusal([&] { registry.add(counter_description{"e_created_total", "E."}); }).find("e_created") < 100);
  CHECK(refusal([&] {
          registry.add(counter_description{"a_created_total", "A."});
        }).find("would share the name \"a_created\" with the metric \"a_total\"") < 100);
}

TEST_CASE("registry: names and labels against the data model are refused by value", "[metrics][registry]") {
  using weir::counter_description;
  using weir::gauge_description;
  using weir::histogram_description;
  weir::metrics_registry registry;
  for (const char* name : {"", "9lives", "with space", "dash-ed", "h\xc3\xb6he", "dot.ted", "brace{"}) {
    INFO(name);
    CHECK(refusal([&] { registry.add(gauge_description{name, "Help."}); }).find('"' + std::string(name) + '"') < 100);
  }
  for (const char* label : {"", "9", "a-b", "a:b", "__name__", "__x", "\xc3\xa4"}) {
    INFO(label);
    CHECK(refusal([&] { registry.add(gauge_description{"good", "Help.", {label}}); }).find(label) < 200);
  }
  CHECK(refusal([&] {
          registry.add(gauge_description{"good", "Help.", {"a", "b", "a"}});
        }).find("\"a\" twice") < 100);
  CHECK(refusal([&] { registry.add(histogram_description{"good", "Help.", {"le"}, bounds}); }).find("le") < 200);
  CHECK(refusal([&] { registry.add(histogram_description{"good", "Help.", {}, {}}); }).find("bucket") < 100);
  CHECK(refusal([&] { registry.add(counter_description{"good", "Help."}); }).find("_total") < 100);
  CHECK(refusal([&] { registry.add(gauge_description{"good_total", "Help."}); }).find("_total") < 100);
  CHECK(refusal([&] { registry.add(counter_description{"_total", "Help."}); }).find("in front") < 100);
  CHECK(refusal([&] { registry.add(gauge_description{"good", ""}); }).find("good") < 100);
  CHECK(refusal([&] {
          registry.add(gauge_description{"good", "Help."}, {.max_series = 0});
        }).find("max_series 0") < 100);
  CHECK_FALSE(refusal([&] { registry.add(gauge_description{"a:good_Name9", "Help.", {"_x9"}}); }).size());
  CHECK(refusal([&] { registry.add(jobs).with({"one"}); }).find("2 labels and was given 1") < 100);
  CHECK(refusal([&] { registry.add(jobs).with(); }).find("given 0") < 100);
}

TEST_CASE("registry: label values that are not UTF-8 are repaired", "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(weir::counter_description{"a_total", "A.", {"x"}});
  const std::pair<std::string_view, std::string> rows[] = {
      {"plain", "plain"},
      {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b"},
      {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"cut \xe2\x82", "cut \xef\xbf\xbd"},
      {"\xf0\x9f\x98x", "\xef\xbf\xbdx"},
  };
  for (const auto& [given, kept] : rows) {
    weir::counter& series = family.with({given});
    series.add();
    CHECK(&family.with({given}) == &series);
    CHECK(value_of(registry, "a_total", {kept}) == 1);
  }
}

TEST_CASE("registry: values of every length are told from their neighbours", "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(weir::counter_description{"a_total", "A.", {"x", "y"}}, {.max_series = 10'000});
  const std::string text = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::set<const weir::counter*> all;
  std::size_t made = 0;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    std::string value = text.substr(0, size);
    all.insert(&family.with({value, "y"}));
    all.insert(&family.with({"y", value}));
    made += 2;
    // One character changed, wherever it stands.
    for (char& c : value) {
      const char before = std::exchange(c, '_');
      all.insert(&family.with({value, "y"}));
      ++made;
      CHECK(&family.with({value, "y"}) == &family.with({std::string(value), "y"}));
      c = before;
    }
  }
  CHECK(all.size() == made);
}

TEST_CASE("registry: oversized label values are cut where a character ends", "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(weir::counter_description{"a_total", "A.", {"x"}});
  const std::string ellipsis = "\xe2\x80\xa6", euro = "\xe2\x82\xac";
  constexpr std::size_t most = weir::max_label_value_bytes;
  std::string euros;
  for (int i = 0; i < 1000; ++i) euros += euro;
  std::string cut_euros = euros.substr(0, (most - 3) / 3 * 3) + ellipsis;
  std::string broken(1000, '\xff'), repaired;
  for (std::size_t i = 0; i < most / 3 - 1; ++i) repaired += "\xef\xbf\xbd";
  const std::pair<std::string, std::string> rows[] = {
      {std::string(most, 'x'), std::string(most, 'x')},
      {std::string(most + 1, 'y'), std::string(most - 3, 'y') + ellipsis},
      {std::string(10'000'000, 'z'), std::string(most - 3, 'z') + ellipsis},
      {euros, cut_euros},
      {"1" + euros, "1" + cut_euros},
      {broken, repaired + ellipsis},
  };
  for (const auto& [given, kept] : rows) {
    CHECK(kept.size() <= most);
    weir::counter& series = family.with({given});
    series.add();
    CHECK(&family.with({given}) == &series);
    CHECK(value_of(registry, "a_total", {kept}) == 1);
  }
  // What does not differ before the cut is one.
  CHECK(&family.with({std::string(2 * most, 'y')}) == &family.with({std::string(most + 1, 'y')}));
  // When the family is full, they still find their series.
  auto& full = registry.add(jobs, {.max_series = 1});
  weir::counter& only = full.with({rows[1].first, "done"});
  full.with({"other", "done"}).add();
  CHECK(&full.with({rows[1].first, "done"}) == &only);
}

TEST_CASE("registry: beyond the cap everything is one counted overflow series", "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(jobs, {.max_series = 3});
  for (int i = 0; i < 10; ++i) family.with({std::to_string(i), "done"}).add();
  // Those that are there stay reachable.
  family.with({"0", "done"}).add();
  const auto page = registry.collect();
  const auto* jobs_family = find(page, "jobs_total");
  REQUIRE(jobs_family != nullptr);
  CHECK(jobs_family->series.size() == 4);
  CHECK(value_of(registry, "jobs_total", {"0", "done"}) == 2);
  CHECK(value_of(registry, "jobs_total", {"2", "done"}) == 1);
  CHECK(value_of(registry, "jobs_total", {"_overflow", "_overflow"}) == 7);
  CHECK(value_of(registry, "weir_metrics_overflow_total", {"jobs_total"}) == 7);
  // A broken value that already has a series still finds it, one that has none does not make one.
  CHECK(&family.with({"\xff", "done"}) == &family.with({"new", "done"}));
}

TEST_CASE("registry: beyond the cap an open label gives way alone, and the others as soon as they are too many",
          "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family =
      registry.add(weir::counter_description{"a_total", "A.", {"route", "status"}, "route"}, {.max_series = 3});
  for (const char* route : {"/a", "/b", "/c", "/d", "/e"})
    for (const char* status : {"200", "500"}) family.with({route, status}).add();
  CHECK(value_of(registry, "a_total", {"/b", "200"}) == 1);
  CHECK(value_of(registry, "a_total", {"_overflow", "200"}) == 3);
  CHECK(value_of(registry, "a_total", {"_overflow", "500"}) == 4);
  CHECK(value_of(registry, "weir_metrics_overflow_total", {"a_total"}) == 7);
  CHECK(&family.with({"\xff", "200"}) == &family.with({"/f", "200"}));

  for (int status = 0; status < 10; ++status) family.with({"/g", std::to_string(status)}).add();
  const auto page = registry.collect();
  CHECK(find(page, "a_total")->series.size() == 7);
  CHECK(value_of(registry, "a_total", {"_overflow", "0"}) == 1);
  CHECK(value_of(registry, "a_total", {"_overflow", "_overflow"}) == 9);
  CHECK(value_of(registry, "weir_metrics_overflow_total", {"a_total"}) == 19);
  CHECK_THROWS_AS(registry.add(weir::counter_description{"b_total", "B.", {"x"}, "y"}), std::invalid_argument);
}

TEST_CASE("registry: a caller's own _overflow series is not made twice", "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(weir::counter_description{"a_total", "A.", {"x"}}, {.max_series = 2});
  family.with({"_overflow"}).add();
  family.with({"one"}).add();
  family.with({"two"}).add();
  const auto page = registry.collect();
  CHECK(find(page, "a_total")->series.size() == 2);
  CHECK(value_of(registry, "a_total", {"_overflow"}) == 2);
  CHECK(value_of(registry, "weir_metrics_overflow_total", {"a_total"}) == 1);
}

TEST_CASE("registry: nothing overflowed, nothing is said about it", "[metrics][registry]") {
  weir::metrics_registry registry;
  registry.add(jobs).with({"a", "b"}).add();
  const auto page = registry.collect();
  CHECK(find(page, "weir_metrics_overflow_total")->series.empty());
}

TEST_CASE("registry: a collected histogram has the family's bounds and its own counts", "[metrics][registry]") {
  weir::metrics_registry registry;
  auto& family = registry.add(weir::histogram_description{"a_seconds", "A.", {"x"}, bounds});
  family.with({"y"}).observe(1.5);
  family.with({"y"}).observe(9);
  const auto page = registry.collect();
  const auto* snapshot = find(page, "a_seconds");
  REQUIRE(snapshot != nullptr);
  CHECK(snapshot->type == weir::metric_type::histogram);
  CHECK(snapshot->bounds == std::vector<double>{1, 2});
  REQUIRE(snapshot->series.size() == 1);
  CHECK(snapshot->series[0].histogram.cumulative == std::vector<std::uint64_t>{0, 1, 2});
  CHECK(snapshot->series[0].histogram.sum == 10.5);
}

TEST_CASE("registry: families are collected in the order of their names", "[metrics][registry]") {
  weir::metrics_registry registry;
  registry.add(weir::gauge_description{"b", "B."});
  registry.add(weir::gauge_description{"a", "A."});
  registry.add(weir::gauge_description{"c", "C."});
  const auto page = registry.collect();
  CHECK(std::is_sorted(page.begin(), page.end(), [](const auto& x, const auto& y) { return x.name < y.name; }));
}

TEST_CASE("registry: the catalogue registers as it stands, twice to the same families", "[metrics][names]") {
  weir::metrics_registry registry;
  std::size_t count = 0;
  weir::metric_names::for_each([&](const auto& description) {
    CHECK(&registry.add(description) == &registry.add(description));
    ++count;
  });
  CHECK(registry.collect().size() == count);
}

TEST_CASE("registry: the default one is always the same", "[metrics][registry]") {
  CHECK(&weir::default_metrics() == &weir::default_metrics());
}

TEST_CASE("registry: exact from 8 threads that look up, make and count while others scrape",
          "[metrics][registry][concurrent]") {
  constexpr int threads = 8;
  constexpr int rounds = 4'000;
  weir::metrics_registry registry;
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  {
    std::jthread scraper([&] {
      // relaxed, here and below: joining synchronises.
      while (!done.load(std::memory_order_relaxed)) {
        const auto page = registry.collect();
        const auto* family = find(page, "jobs_total");
        if (family == nullptr) continue;
        for (const auto& series : family->series) {
          if (series.label_values.size() != 2) torn.fetch_add(1, std::memory_order_relaxed);
        }
      }
    });
    {
      std::vector<std::jthread> workers;
      for (int t = 0; t < threads; ++t) {
        workers.emplace_back([&, t] {
          for (int i = 0; i < rounds; ++i) {
            auto& family = registry.add(jobs, {.max_series = 100});
            family.with({std::to_string((i + t) % 50), i % 2 == 0 ? "even" : "odd"}).add();
          }
        });
      }
    }
    done.store(true, std::memory_order_relaxed);
  }
  CHECK(torn == 0);
  const auto page = registry.collect();
  double total = 0;
  for (const auto& series : find(page, "jobs_total")->series) total += series.value;
  CHECK(total == threads * rounds);
  CHECK(find(page, "jobs_total")->series.size() == 100);
}

TEST_CASE("registry: exact from 8 threads that overflow", "[metrics][registry][concurrent]") {
  constexpr int threads = 8;
  constexpr int rounds = 2'000;
  weir::metrics_registry registry;
  auto& family = registry.add(jobs, {.max_series = 10});
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; i < rounds; ++i) family.with({std::to_string(i), std::to_string(t)}).add();
      });
    }
  }
  const auto page = registry.collect();
  double total = 0;
  for (const auto& series : find(page, "jobs_total")->series) total += series.value;
  CHECK(total == threads * rounds);
  CHECK(find(page, "jobs_total")->series.size() == 11);
  const double overflowed = value_of(registry, "jobs_total", {"_overflow", "_overflow"});
  CHECK(value_of(registry, "weir_metrics_overflow_total", {"jobs_total"}) == overflowed);
}

} // namespace
