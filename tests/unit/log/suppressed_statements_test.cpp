#include "log/suppressed_statements.hpp"

#include "weir/log/every_n.hpp"
#include "weir/log/rate_limit.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using weir::detail::limited_statement;
using weir::detail::suppressed_statements;

namespace {

/// One statement with its limit, and what is told of it.
struct watched {
  template <class Limit>
  explicit watched(Limit& limit) : statement(limit, weir::level::info, "file", 1, "function") {}

  void look(suppressed_statements::time now) {
    list.look(now, [this](const limited_statement& of, std::uint64_t count) {
      CHECK(&of == &statement);
      if (takes) told.push_back(count);
      return takes;
    });
  }

  limited_statement statement;
  suppressed_statements list;
  std::vector<std::uint64_t> told;
  bool takes = true;
};

constexpr auto interval = suppressed_statements::interval;
const suppressed_statements::time start{1000s};

} // namespace

TEST_CASE("suppressed statements: what has not changed from look to look is told once", "[log][limit]") {
  weir::rate_limit limit(1, 24h);
  watched test(limit);
  CHECK(test.list.is_empty());
  for (int i = 0; i < 4; ++i) limit.pass();
  CHECK(test.list.add(test.statement));
  CHECK_FALSE(test.list.add(test.statement));
  test.look(start);
  test.look(start + interval - 1s);
  test.look(start + interval);
  limit.pass();
  test.look(start + 2 * interval);
  test.look(start + 3 * interval - 1s);
  CHECK(test.told.empty());
  test.look(start + 3 * interval);
  CHECK(test.told == std::vector<std::uint64_t>{4});
  CHECK(test.list.is_empty());
  CHECK(limit.unreported() == 0);
  limit.pass();
  CHECK(test.list.add(test.statement)); // by the next call that is held back
}

TEST_CASE("suppressed statements: what a record has told is not told again", "[log][limit]") {
  weir::every_n limit(3);
  watched test(limit);
  for (int i = 0; i < 2; ++i) limit.pass();
  test.list.add(test.statement);
  test.look(start);
  for (int i = 0; i < 2; ++i) limit.pass();
  test.look(start + interval);
  CHECK(test.told.empty());
  CHECK(test.list.is_empty());
}

TEST_CASE("suppressed statements: what no sink takes is told later, with what was held back meanwhile",
          "[log][limit]") {
  weir::every_n limit(100);
  watched test(limit);
  for (int i = 0; i < 3; ++i) limit.pass();
  test.list.add(test.statement);
  test.takes = false;
  for (int i = 0; i < 3; ++i) test.look(start + i * interval);
  CHECK_FALSE(test.list.is_empty());
  limit.pass();
  test.takes = true;
  for (int i = 3; i < 6; ++i) test.look(start + i * interval);
  CHECK(test.told == std::vector<std::uint64_t>{3});
  CHECK(test.list.is_empty());
}

TEST_CASE("suppressed statements: a limit without an account is not watched", "[log][limit]") {
  auto limit = weir::once();
  watched test(limit);
  CHECK_FALSE(test.list.add(test.statement));
}

TEST_CASE("suppressed statements: of several threads' calls each is told once", "[log][limit][concurrent]") {
  constexpr int threads = 3, calls = 20'000;
  weir::every_n limit(UINT64_MAX);
  watched test(limit);
  std::atomic<int> running{threads};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      for (int i = 0; i < calls; ++i) {
        limit.pass();
        if (!test.statement.watched.load(std::memory_order_relaxed)) test.list.add(test.statement);
      }
      --running;
    });
  auto now = start;
  while (running != 0) test.look(now += interval);
  for (auto& each : all) each.join();
  test.list.add(test.statement);
  test.list.end([&](const limited_statement&, std::uint64_t count) {
    test.told.push_back(count);
    return true;
  });
  std::uint64_t sum = 0;
  for (const auto each : test.told) sum += each;
  CHECK(sum == threads * calls - 1); // the first passed
}
