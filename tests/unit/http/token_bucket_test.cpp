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
  CHECK(refused({.per_second = 1e-6, .burst = 1'000'000}) == "taken");
}
