#include "log/wall_clock.hpp"

#include "weir/log/clock.hpp"

#include <cmath>
#include <ctime>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace weir {

void set_stamp_order(stamp_order order) noexcept {
  using detail::record_clock;
  const record_clock wanted = order == stamp_order::causal ? record_clock::fenced_tsc : record_clock::tsc;
  // relaxed, both: a setting orders nothing.
  if (detail::this_record_clock.load(std::memory_order_relaxed) != record_clock::monotonic)
    detail::this_record_clock.store(wanted, std::memory_order_relaxed);
}

} // namespace weir

namespace weir::detail {

namespace {

bool find_invariant_tsc() noexcept {
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(0x8000'0007U, &eax, &ebx, &ecx, &edx) != 0 && (edx & (1U << 8)) != 0;
#else
  return false;
#endif
}

std::int64_t system_nanoseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

constexpr double second_ns = 1e9;
constexpr double settable_error_ns = 50e6;

} // namespace

// Before all other static objects, whose constructors may log: ticks of two clocks cannot be put in order.
[[gnu::init_priority(101)]] std::atomic<record_clock> this_record_clock =
    find_invariant_tsc() ? record_clock::tsc : record_clock::monotonic;

std::uint64_t monotonic_nanoseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t other_clock_now() noexcept {
#if defined(__x86_64__)
  // relaxed: a setting orders nothing.
  if (this_record_clock.load(std::memory_order_relaxed) != record_clock::monotonic) {
    _mm_lfence(); // rdtscp, which would do the same, takes twice as long
    return __rdtsc();
  }
#endif
  return monotonic_nanoseconds();
}

wall_clock::sample wall_clock::take_sample() noexcept {
  // The tightest of some brackets: an interrupt between the two reads would otherwise become an error of the line.
  sample best{};
  std::uint64_t tightest = UINT64_MAX;
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t before = other_clock_now(); // fenced: not ahead of what it brackets
    const std::int64_t unix = system_nanoseconds();
    const std::uint64_t after = other_clock_now();
    if (after - before < tightest) {
      tightest = after - before;
      best = {before + (after - before) / 2, unix};
    }
  }
  return best;
}

wall_clock::wall_clock() : last_(take_sample()), base_ticks_(last_.ticks), base_unix_(last_.unix_nanoseconds) {
  const timespec pause{.tv_sec = 0, .tv_nsec = 2'000'000};
  ::nanosleep(&pause, nullptr);
  const sample now = take_sample();
  nanoseconds_per_tick_ = static_cast<double>(now.unix_nanoseconds - last_.unix_nanoseconds) /
                          static_cast<double>(now.ticks - last_.ticks);
  // A clock that was set during these 2 ms would give a slope that no machine has.
  if (!(nanoseconds_per_tick_ > 0.05 && nanoseconds_per_tick_ < 20.0)) nanoseconds_per_tick_ = 1.0;
  first_ = last_;
  last_ = now;
  base_ticks_ = now.ticks;
  base_unix_ = now.unix_nanoseconds;
  lasting_nanoseconds_per_tick_ = nanoseconds_per_tick_;
}

void wall_clock::keep_in_step(std::uint64_t from_ticks) noexcept {
  const double second_ticks = second_ns / nanoseconds_per_tick_;
  if (static_cast<double>(record_clock_now() - last_.ticks) < second_ticks) return;
  const sample now = take_sample();
  const auto error = static_cast<double>(now.unix_nanoseconds - unix_nanoseconds(now.ticks));
  if (std::abs(error) > settable_error_ns) {
    base_ticks_ = now.ticks;
    base_unix_ = now.unix_nanoseconds;
    first_.unix_nanoseconds += static_cast<std::int64_t>(error);
  } else {
    const double rate = static_cast<double>(now.unix_nanoseconds - last_.unix_nanoseconds) /
                        static_cast<double>(now.ticks - last_.ticks);
    const std::int64_t from_unix = unix_nanoseconds(from_ticks);
    const double rise = static_cast<double>(now.unix_nanoseconds - from_unix) + second_ticks * rate;
    const double run = static_cast<double>(now.ticks - from_ticks) + second_ticks;
    base_ticks_ = from_ticks;
    base_unix_ = from_unix;
    nanoseconds_per_tick_ = rise / run;
  }
  lasting_nanoseconds_per_tick_ = static_cast<double>(now.unix_nanoseconds - first_.unix_nanoseconds) /
                                  static_cast<double>(now.ticks - first_.ticks);
  last_ = now;
}

} // namespace weir::detail
