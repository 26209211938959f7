#include "weir/log/every_n.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

/// Which of the first `calls` calls pass.
template <class Limit>
std::vector<int> passing(Limit& limit, int calls) {
  std::vector<int> result;
  for (int i = 0; i < calls; ++i)
    if (limit.pass()) result.push_back(i);
  return result;
}

} // namespace

TEST_CASE("every_n: the first passes, and every n-th after it", "[log][limit]") {
  weir::every_n three(3);
  CHECK(passing(three, 10) == std::vector<int>{0, 3, 6, 9});
  weir::every_n all(1);
  CHECK(passing(all, 3) == std::vector<int>{0, 1, 2});
}

TEST_CASE("every_n: it agrees with division, whatever n is", "[log][limit]") {
  for (std::uint64_t n = 1; n <= 300; ++n) {
    weir::every_n limit(n);
    for (std::uint64_t i = 0; i < 3 * n; ++i) REQUIRE(static_cast<bool>(limit.pass()) == (i % n == 0));
  }
  for (const std::uint64_t n : {std::uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 1, std::uint64_t{3} << 40}) {
    weir::every_n limit(n);
    CHECK(passing(limit, 1000) == std::vector<int>{0});
  }
}

TEST_CASE("every_n: what passes says how many did not", "[log][limit]") {
  weir::every_n limit(4);
  CHECK(limit.unreported() == 0);
  CHECK(limit.pass().suppressed == 0);
  for (int i = 1; i < 4; ++i) {
    CHECK_FALSE(limit.pass());
    CHECK(limit.unreported() == static_cast<unsigned>(i));
  }
  CHECK(limit.pass().suppressed == 3);
  CHECK(limit.unreported() == 0);
}

TEST_CASE("every_n: what is taken is reported by no permit", "[log][limit]") {
  weir::every_n limit(4);
  CHECK(limit.take_unreported() == 0);
  CHECK(limit.pass());
  CHECK_FALSE(limit.pass());
  CHECK(limit.take_unreported() == 1);
  CHECK(limit.unreported() == 0);
  CHECK_FALSE(limit.pass());
  CHECK(limit.unreported() == 1);
  CHECK_FALSE(limit.pass());
  CHECK(limit.pass().suppressed == 2);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(limit.pass());
  CHECK(limit.take_unreported() == 3);
  CHECK(limit.take_unreported() == 0);
  CHECK(limit.pass().suppressed == 0);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(limit.pass());
  CHECK(limit.pass().suppressed == 3);
}

TEST_CASE("every_n: n is at least 1", "[log][limit]") {
  CHECK_THROWS_WITH(weir::every_n(0), Catch::Contains("every_n's n is 0"));
}

TEST_CASE("first_n: the first n pass, and no more", "[log][limit]") {
  weir::first_n three(3);
  CHECK(passing(three, 10) == std::vector<int>{0, 1, 2});
  weir::first_n none(0);
  CHECK(passing(none, 10).empty());
  auto only = weir::once();
  CHECK(passing(only, 10) == std::vector<int>{0});
}

TEST_CASE("every_n and first_n: of all threads' calls together exactly so many pass", "[log][limit][concurrent]") {
  constexpr int threads = 4, calls = 25'000;
  weir::every_n seventh(7);
  weir::first_n first(1000);
  std::atomic<int> passed_seventh{0}, passed_first{0};
  std::atomic<std::uint64_t> reported{0};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      for (int i = 0; i < calls; ++i) {
        if (const auto permit = seventh.pass()) {
          ++passed_seventh;
          reported += permit.suppressed;
        }
        if (i % 5 == 0) reported += seventh.take_unreported();
        if (first.pass()) ++passed_first;
      }
    });
  for (auto& each : all) each.join();
  CHECK(passed_seventh == (threads * calls + 6) / 7);
  CHECK(passed_seventh.load() + reported.load() + seventh.unreported() == threads * calls);
  CHECK(passed_first == 1000);
}
