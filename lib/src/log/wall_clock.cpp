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

std::int64_t nanoseconds_of(clockid_t which) noexcept {
  timespec now{};
  ::clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

constexpr double settable_error_ns = 50e6;
// NTP may make the clock faster or slower by 0.05 %. A rate that differs by more tells nothing of the next hours: the
// counter stood still with the machine, or has begun anew and come further since, or chrony slews by several percent.
constexpr double largest_change = 0.001;

} // namespace

// Before all other static objects, whose constructors may log: ticks of two clocks cannot be put in order.
[[gnu::init_priority(101)]] std::atomic<record_clock> this_record_clock =
    find_invariant_tsc() ? record_clock::tsc : record_clock::monotonic;

std::uint64_t monotonic_nanoseconds() noexcept { return static_cast<std::uint64_t>(nanoseconds_of(CLOCK_MONOTONIC)); }

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
  // The tightest of some brackets: an interrupt between the reads would otherwise become an error of the line.
  sample best{};
  std::uint64_t tightest = UINT64_MAX;
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t before = other_clock_now(); // fenced: not ahead of what it brackets
    const std::int64_t unix = nanoseconds_of(CLOCK_REALTIME);
    const std::int64_t steady = nanoseconds_of(CLOCK_BOOTTIME);
    const std::uint64_t after = other_clock_now();
    if (after - before < tightest) {
      tightest = after - before;
      best = {{before + (after - before) / 2, unix}, steady};
    }
  }
  return best;
}

double wall_clock::rate(const sample& from, const sample& to) noexcept {
  return static_cast<double>(to.steady_nanoseconds - from.steady_nanoseconds) /
         static_cast<double>(static_cast<std::int64_t>(to.ticks - from.ticks));
}

wall_clock::wall_clock() : first_(take_sample()) {
  const timespec pause{.tv_sec = 0, .tv_nsec = 2'000'000};
  ::nanosleep(&pause, nullptr);
  last_ = take_sample();
  lasting_nanoseconds_per_tick_ = rate(first_, last_);
  // No machine has another one.
  if (!(lasting_nanoseconds_per_tick_ > 0.05 && lasting_nanoseconds_per_tick_ < 20.0))
    lasting_nanoseconds_per_tick_ = 1.0;
  correcting_nanoseconds_per_tick_ = lasting_nanoseconds_per_tick_;
  first_ = last_;
  base_ = meeting_ = last_;
}

/// The lasting rate, at `now`.
void wall_clock::measure(const sample& now) noexcept {
  const bool is_first_time = first_.ticks == last_.ticks;
  const double change = rate(last_, now) / lasting_nanoseconds_per_tick_ - 1;
  if (is_first_time || std::abs(change) < largest_change)
    lasting_nanoseconds_per_tick_ = rate(first_, now);
  else
    first_ = last_ = now;
}

void wall_clock::keep_in_step(std::uint64_t from_ticks) noexcept {
  // Signed: the counters of two cores may differ by a little.
  if (static_cast<double>(static_cast<std::int64_t>(record_clock_now() - last_.ticks)) < second()) return;
  const sample now = take_sample();
  const auto error = static_cast<double>(now.unix_nanoseconds - unix_nanoseconds(now.ticks));
  const bool was_set = std::abs(error) > settable_error_ns;
  const point base = was_set ? point(now) : point{from_ticks, unix_nanoseconds(from_ticks)};
  measure(now);
  // As long as a slew goes on, its rate is the better guess at that of the next second.
  const double recent = last_.ticks == now.ticks ? lasting_nanoseconds_per_tick_ : rate(last_, now);
  const double ahead = second();
  const double rise = static_cast<double>(now.unix_nanoseconds - base.unix_nanoseconds) + ahead * recent;
  const double run = static_cast<double>(static_cast<std::int64_t>(now.ticks - base.ticks)) + ahead;
  base_ = base;
  correcting_nanoseconds_per_tick_ = rise / run;
  meeting_.ticks = base.ticks + static_cast<std::uint64_t>(run);
  meeting_.unix_nanoseconds = base.at(meeting_.ticks, correcting_nanoseconds_per_tick_);
  last_ = now;
  // Before these ticks come again.
  if (static_cast<double>(counted_before_) - static_cast<double>(now.ticks) < 3600 * second())
    counted_before_ = UINT64_MAX;
}

void wall_clock::begin_anew(std::uint64_t reached) noexcept {
  const sample now = take_sample();
  line_before_ = meeting_;
  counted_before_ = now.ticks + (reached - now.ticks) / 2;
  first_ = last_ = now;
  base_ = meeting_ = now;
}

} // namespace weir::detail
