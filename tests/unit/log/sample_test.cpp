#include "weir/log/sample.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

using weir::correlation;

namespace {

class work_under {
 public:
  explicit work_under(correlation ids) : ids_(ids) { weir::current_correlation = &ids_; }
  ~work_under() { weir::current_correlation = nullptr; }
  work_under(const work_under&) = delete;
  work_under& operator=(const work_under&) = delete;

 private:
  correlation ids_;
};

template <class Limit>
int passing(Limit& limit, int calls) {
  int passed = 0;
  for (int i = 0; i < calls; ++i) passed += limit.pass() ? 1 : 0;
  return passed;
}

/// How many of `traces` traces whose ids `id_of` makes from their number are kept at a ratio.
template <class Id>
int kept_traces(double ratio, int traces, Id id_of) {
  weir::sample_traces limit(ratio);
  int kept = 0;
  for (int i = 0; i < traces; ++i) {
    const work_under scope(id_of(static_cast<std::uint64_t>(i)));
    kept += limit.pass() ? 1 : 0;
  }
  return kept;
}

// Ten standard deviations: chance does not fail a test in the life of a sun.
void check_share(int passed, int calls, double ratio) {
  const double deviation = std::sqrt(calls * ratio * (1 - ratio));
  INFO(passed << " of " << calls << " at " << ratio);
  CHECK(std::abs(passed - calls * ratio) <= 10 * deviation);
}

} // namespace

TEST_CASE("sample: about its share passes", "[log][limit]") {
  for (const double ratio : {0.001, 0.25, 0.9}) {
    weir::sample limit(ratio);
    check_share(passing(limit, 100'000), 100'000, ratio);
  }
}

TEST_CASE("sample: 0 is none, 1 is all", "[log][limit]") {
  weir::sample none(0), all(1);
  CHECK(passing(none, 10'000) == 0);
  CHECK(passing(all, 10'000) == 10'000);
}

TEST_CASE("sample: ratios outside 0 to 1 are refused by name and value", "[log][limit]") {
  CHECK_THROWS_WITH(weir::sample(1.5), Catch::Contains("sample's ratio is 1.5"));
  CHECK_THROWS_WITH(weir::sample(-0.1), Catch::Contains("-0.1"));
  CHECK_THROWS_WITH(weir::sample(std::numeric_limits<double>::quiet_NaN()), Catch::Contains("nan"));
  CHECK_THROWS_WITH(weir::sample_traces(2), Catch::Contains("sample_traces' ratio is 2"));
}

TEST_CASE("sample: what passes says how many did not, of all threads together", "[log][limit][concurrent]") {
  constexpr int threads = 4, calls = 25'000;
  weir::sample limit(0.1);
  std::atomic<std::uint64_t> accounted{0};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      for (int i = 0; i < calls; ++i)
        if (const auto permit = limit.pass()) accounted += 1 + permit.suppressed;
    });
  for (auto& each : all) each.join();
  CHECK(accounted + limit.unreported() == threads * calls);
}

TEST_CASE("sample_traces: of one trace all calls pass or none, at every limit of the ratio", "[log][limit]") {
  weir::sample_traces here(0.5), there(0.5);
  int kept = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const work_under first_span({i, ~i, 1});
    const bool passes = static_cast<bool>(here.pass());
    const work_under second_span({i, ~i, 2});
    REQUIRE(passing(here, 10) == (passes ? 10 : 0));
    REQUIRE(passing(there, 10) == (passes ? 10 : 0));
    kept += passes ? 1 : 0;
  }
  check_share(kept, 1000, 0.5);
}

TEST_CASE("sample_traces: a greater ratio takes the same traces and more", "[log][limit]") {
  weir::sample_traces less(0.1), more(0.3);
  for (std::uint64_t i = 1; i < 2000; ++i) {
    const work_under scope({i, i * i, 1});
    if (less.pass()) CHECK(more.pass());
  }
}

TEST_CASE("sample_traces: it takes its share of ids that are random in one half only, or not at all",
          "[log][limit]") {
  for (const double ratio : {0.01, 0.5}) {
    check_share(kept_traces(ratio, 20'000, [](std::uint64_t i) { return correlation{0, i + 1, 1}; }), 20'000, ratio);
    check_share(kept_traces(ratio, 20'000, [](std::uint64_t i) { return correlation{i + 1, 0, 1}; }), 20'000, ratio);
    check_share(kept_traces(ratio, 20'000, [](std::uint64_t i) { return correlation{i, i, 1}; }), 20'000, ratio);
    check_share(kept_traces(ratio, 20'000,
                            [](std::uint64_t i) {
                              return correlation{i << 48, 7, 1};
                            }),
                20'000, ratio);
  }
}

TEST_CASE("sample_traces: without a trace its share of the calls passes", "[log][limit]") {
  weir::sample_traces limit(0.25);
  check_share(passing(limit, 50'000), 50'000, 0.25);
  const work_under untraced({0, 0, 5});
  check_share(passing(limit, 50'000), 50'000, 0.25);
}

TEST_CASE("sample_traces: which traces it takes is a promise to other processes", "[log][limit]") {
  weir::sample_traces limit(0.5);
  std::vector<int> kept;
  for (std::uint64_t i = 1; i <= 16; ++i) {
    const work_under scope({0x4bf92f3577b34da6, i, 1});
    if (limit.pass()) kept.push_back(static_cast<int>(i));
  }
  CHECK(kept == std::vector<int>{2, 5, 7, 8, 9, 10, 11, 12, 15});
}
