// Buckets by a clock of the test's own: nothing waits.
#include "weir/http/token_bucket.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::client_buckets;
using weir::token_bucket;

namespace {

/// Some time after the clock's epoch.
token_bucket::clock::time_point at(std::chrono::nanoseconds time) {
  return token_bucket::clock::time_point(std::chrono::hours(1000) + time);
}

std::string refused(weir::token_rate rate, std::size_t most_clients = 16) {
  try {
    client_buckets made(rate, most_clients);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "taken";
}

} // namespace

TEST_CASE("token bucket: lets its burst pass at once, and then its rate", "[http]") {
  token_bucket bucket({.per_second = 10, .burst = 3});
  CHECK(bucket.take(at(0ms)) == 0ns);
  CHECK(bucket.take(at(0ms)) == 0ns);
  CHECK(bucket.take(at(0ms)) == 0ns);
  CHECK(bucket.take(at(0ms)) == 100ms);
  CHECK(bucket.take(at(40ms)) == 60ms);
  CHECK(bucket.take(at(100ms)) == 0ns);
  CHECK(bucket.take(at(100ms)) == 100ms);
  CHECK(bucket.take(at(300ms)) == 0ns);
  CHECK(bucket.take(at(300ms)) == 0ns);
  CHECK(bucket.take(at(300ms)) == 100ms);
}

TEST_CASE("token bucket: a pause fills it, and no more than that", "[http]") {
  token_bucket bucket({.per_second = 10, .burst = 2});
  for (const auto begin : {0s, 3600s}) {
    CHECK(bucket.take(at(begin)) == 0ns);
    CHECK(bucket.take(at(begin)) == 0ns);
    CHECK(bucket.take(at(begin)) == 100ms);
  }
}

// Of times that were cut to nanoseconds more fitted into the bucket: 10001 of 10000, 100040 of 100000.
TEST_CASE("token bucket: at once its burst passes, and not one more, at any rate", "[http]") {
  for (const double rate : {1e-6, 1.0 / 86'400, 0.001, 0.3, 3.0, 7.0, 30.0, 7000.0, 90'000.0, 300'000.0, 600'000.0,
                            700'000.0, 999'999.0, 1e6})
    for (const unsigned burst : {1U, 10U, 100U, 1000U, 10'000U, 100'000U}) {
      if (burst / rate > 1e8) continue; // refused
      CAPTURE(rate, burst);
      token_bucket bucket({.per_second = rate, .burst = burst});
      unsigned passed = 0;
      while (passed <= burst && bucket.take(at(0ns)) == 0ns) ++passed;
      CHECK(passed == burst);
    }
}

TEST_CASE("token bucket: over a time no more pass than the rate says, and hardly fewer", "[http]") {
  for (const double rate : {300'000.0, 600'000.0, 700'000.0, 999'999.0, 1e6}) {
    token_bucket bucket({.per_second = rate, .burst = 2}); // the second one is for who asks some ns late
    int passed = 0;
    for (auto now = 0ns; now < 100ms; now += 50ns)
      if (bucket.take(at(now)) == 0ns) ++passed;
    CAPTURE(rate);
    CHECK(passed <= rate / 10 + 2);
    CHECK(passed >= rate / 10 * 0.9999 - 1);
  }
}

TEST_CASE("token bucket: who waits as long as he is told gets his token", "[http]") {
  for (const double rate : {3.0, 7000.0, 700'000.0, 999'999.0}) {
    token_bucket bucket({.per_second = rate, .burst = 2});
    auto now = 0ns;
    for (int i = 0; i < 1000; ++i) {
      const auto wait = bucket.take(at(now));
      CAPTURE(rate, i);
      if (wait == 0ns) continue;
      CHECK(bucket.take(at(now + wait - 1ns)) == 1ns);
      CHECK(bucket.take(at(now + wait)) == 0ns);
      now += wait;
    }
  }
}

TEST_CASE("token bucket: of many threads not one more passes", "[http][concurrent]") {
  token_bucket bucket({.per_second = 0.001, .burst = 1000});
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int call = 0; call < 1000; ++call)
        if (bucket.take(at(0ms)) == 0ns) ++passed;
    });
  for (auto& each : threads) each.join();
  CHECK(passed == 1000);
}

TEST_CASE("client buckets: each client has its own", "[http]") {
  client_buckets buckets({.per_second = 1, .burst = 1});
  CHECK(buckets.take("a", at(0s)) == 0ns);
  CHECK(buckets.take("a", at(0s)) == 1s);
  CHECK(buckets.take("b", at(0s)) == 0ns);
  CHECK(buckets.take("a", at(1s)) == 0ns);
  CHECK(buckets.clients() == 2);
}

TEST_CASE("client buckets: however many clients come, only so many are known", "[http]") {
  client_buckets buckets({.per_second = 1, .burst = 2}, 64);
  int passed = 0;
  for (int i = 0; i < 10'000; ++i)
    if (buckets.take("client " + std::to_string(i), at(0s)) == 0ns) ++passed;
  CHECK(buckets.clients() <= 64);
  CHECK(passed <= 64 + 2); // those that are not known share a bucket
  CHECK(passed >= 16);
  // Whoever was known has what is left to him.
  CHECK(buckets.take("client 0", at(0s)) == 0ns);
  CHECK(buckets.take("client 0", at(0s)) > 0ns);
  // They are forgotten when their buckets are full again, and others take their places.
  int later = 0;
  for (int i = 0; i < 64; ++i)
    if (buckets.take("later " + std::to_string(i), at(10s)) == 0ns) ++later;
  CHECK(later > 32);
  CHECK(buckets.clients() <= 64);
}

TEST_CASE("token bucket: rates that make no sense are refused by name", "[http]") {
  CHECK(refused({.per_second = 0, .burst = 1}) == "token_rate.per_second is 0: it must be from 0.000001 to 1000000");
  CHECK(refused({.per_second = 1e7, .burst = 1}).starts_with("token_rate.per_second is 10000000"));
  CHECK(refused({.per_second = 1, .burst = 0}) == "token_rate.burst is 0: it must be from 1 to 1000000");
  CHECK(refused({.per_second = 1, .burst = 1}, 15) ==
        "client_buckets: most_clients is 15: it must be from 16 to 16000000");
  // Of this one 4000 passed, where a million were promised.
  CHECK(refused({.per_second = 1e-6, .burst = 1'000'000}) ==
        "token_rate: a burst of 1000000 at 1e-06 per second takes 1000000000000 s to come back: it must be up to "
        "100000000 s");
  CHECK(refused({.per_second = 1e-6, .burst = 101}).starts_with("token_rate: a burst of 101 at"));
  CHECK(refused({.per_second = 1e-6, .burst = 100}) == "taken");
  CHECK(refused({.per_second = 0.01, .burst = 1'000'000}) == "taken");
}
