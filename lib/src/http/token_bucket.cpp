#include "weir/http/token_bucket.hpp"

#include "log/option_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <stdexcept>

namespace weir {

namespace {

/// Times are whole numbers of these, lest in a large burst the fractions add up to a token. At a million a second one
/// is a 16000th of the time of a token, by which the rate may be too low; and 15 years of uptime with the longest
/// time to fill, here, fit into 64 bits.
constexpr std::int64_t ticks_per_nanosecond = 16;
constexpr double longest_fill_s = 1e8;

std::int64_t ticks(token_bucket::clock::time_point time) noexcept {
  return std::chrono::nanoseconds(time.time_since_epoch()).count() * ticks_per_nanosecond;
}

token_rate checked(token_rate rate) {
  if (!(rate.per_second >= 1e-6 && rate.per_second <= 1e6))
    throw std::invalid_argument(
        fmt::format("token_rate.per_second is {}: it must be from 0.000001 to 1000000", rate.per_second));
  detail::check_option("token_rate.burst", rate.burst, 1U, 1'000'000U);
  if (const double fill_s = rate.burst / rate.per_second; fill_s > longest_fill_s)
    throw std::invalid_argument(fmt::format(
        "token_rate: a burst of {} at {} per second takes {:.0f} s to come back: it must be up to {:.0f} s",
        rate.burst, rate.per_second, fill_s, longest_fill_s));
  return rate;
}

} // namespace

token_bucket::times::times(token_rate rate) {
  of_one = static_cast<std::int64_t>(std::ceil(1e9 * ticks_per_nanosecond / checked(rate).per_second));
  of_all = of_one * rate.burst;
}

std::chrono::nanoseconds token_bucket::times::take(std::int64_t& full_at, std::int64_t now) const noexcept {
  const std::int64_t full_then = std::max(full_at, now) + of_one;
  const std::int64_t missing = full_then - now - of_all;
  if (missing > 0) return std::chrono::nanoseconds((missing - 1) / ticks_per_nanosecond + 1);
  full_at = full_then;
  return {};
}

token_bucket::token_bucket(token_rate rate) : times_(rate), full_at_(0) {}

std::chrono::nanoseconds token_bucket::take(clock::time_point now) noexcept {
  // relaxed, here and below: a number of its own, which orders nothing.
  std::int64_t seen = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    std::int64_t full_at = seen;
    const std::chrono::nanoseconds missing = times_.take(full_at, ticks(now));
    if (missing.count() > 0) return missing;
    // relaxed: as above.
    if (full_at_.compare_exchange_weak(seen, full_at, std::memory_order_relaxed)) return missing;
  }
}

client_buckets::client_buckets(token_rate rate, std::size_t most_clients)
    : times_(rate), most_in_part_(most_clients / parts), shared_(rate) {
  detail::check_option<std::size_t>("client_buckets: most_clients", most_clients, parts, 16'000'000);
}

std::chrono::nanoseconds client_buckets::take(std::string_view client, clock::time_point now) noexcept {
  // The map uses the same hash's lower bits; these are others.
  part& in = parts_[text_hash()(client) >> 57 & (parts - 1)];
  {
    const std::lock_guard hold(in.mutex);
    if (std::int64_t* const full_at = find(in, client, ticks(now))) return times_.take(*full_at, ticks(now));
  }
  return shared_.take(now);
}

/// Null if there are too many, or no memory for one more.
std::int64_t* client_buckets::find(part& in, std::string_view client, std::int64_t now) try {
  if (const auto known = in.full_at.find(client); known != in.full_at.end()) return &known->second;
  if (in.full_at.size() >= most_in_part_) {
    // Those whose bucket is full are as good as new ones. Not at every call, or callers by the thousand would make
    // each of them go through all.
    constexpr std::int64_t between_sweeps = 100'000'000 * ticks_per_nanosecond;
    if (now - in.swept < between_sweeps) return nullptr;
    in.swept = now;
    std::erase_if(in.full_at, [now](const auto& each) { return each.second <= now; });
    if (in.full_at.size() >= most_in_part_) return nullptr;
  }
  return &in.full_at.emplace(client, 0).first->second;
} catch (const std::bad_alloc&) {
  return nullptr;
}

std::size_t client_buckets::clients() const {
  std::size_t all = 0;
  for (const part& each : parts_) {
    const std::lock_guard hold(each.mutex);
    all += each.full_at.size();
  }
  return all;
}

} // namespace weir
