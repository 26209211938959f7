#include "log/losses.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

using weir::detail::loss;
using weir::detail::loss_account;

TEST_CASE("losses: an account gives number, first and last, and is empty after that", "[log][losses]") {
  loss_account account;
  CHECK(account.is_empty());
  account.note({.records = 1, .first = 20, .last = 20});
  account.note({.records = 3, .first = 10, .last = 30});
  CHECK_FALSE(account.is_empty());
  loss taken;
  account.take(taken);
  CHECK(taken.records == 4);
  CHECK(taken.first == 10);
  CHECK(taken.last == 30);
  CHECK(account.is_empty());
  account.note({.records = 1, .first = 50, .last = 50});
  account.take(taken); // adds
  CHECK(taken.records == 5);
  CHECK(taken.last == 50);
  account.take(taken);
  CHECK(taken.records == 5);
}

TEST_CASE("losses: number and times belong together while several threads note", "[log][losses][concurrent]") {
  // One thread notes the stamps 1, 2, 3, … one by one: of whatever is taken, the number and the times must agree. The
  // others get in its way with stamps that are told apart by being too high.
  constexpr std::uint64_t notes = 50'000, noise = std::uint64_t{1} << 40;
  for (const bool with_noise : {false, true}) {
    loss_account account;
    std::atomic<int> running{with_noise ? 3 : 1};
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
      for (std::uint64_t i = 1; i <= notes; ++i) account.note({.records = 1, .first = i, .last = i});
      --running;
    });
    for (int t = 1; with_noise && t < 3; ++t)
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < notes; ++i) account.note({.records = 2, .first = noise, .last = noise});
        --running;
      });
    std::uint64_t total = 0, next = 1;
    int wrong = 0;
    const auto take = [&] {
      loss taken;
      account.take(taken);
      if (taken.records == 0) return false;
      total += taken.records;
      if (!with_noise) {
        if (taken.first != next || taken.last - taken.first + 1 != taken.records) ++wrong;
        next = taken.last + 1;
      }
      return true;
    };
    while (running != 0) take();
    for (auto& each : threads) each.join();
    while (take()) {
    }
    CHECK(wrong == 0);
    CHECK(account.is_empty());
    CHECK(total == (with_noise ? 5 * notes : notes));
  }
}
