// From record clock ticks to time of day.
#pragma once

#include <cstdint>

namespace weir::detail {

/// A line from ticks to Unix nanoseconds that is kept in step with the system's clock: about once a second it is
/// given a slope that meets that clock a second later, so that time neither jumps nor runs backwards; only a clock
/// that was set (by more than 50 ms) is followed at once. Everywhere else, as in hours in which nothing is logged, it
/// has the rate that the ticks have had all along by a clock that nobody sets:
///
///      lasting rate │ correcting slope │ lasting rate
///                 base              meeting
///
/// Backend-thread-only.
class wall_clock {
 public:
  /// Takes about 2 ms: the first slope has to be measured.
  wall_clock();

  std::int64_t unix_nanoseconds(std::uint64_t ticks) const noexcept {
    if (ticks >= counted_before_) [[unlikely]]
      return line_before_.at(ticks, lasting_nanoseconds_per_tick_);
    const auto since = static_cast<std::int64_t>(ticks - base_.ticks);
    if (since >= 0 && ticks < meeting_.ticks) return base_.at(ticks, correcting_nanoseconds_per_tick_);
    return (since < 0 ? base_ : meeting_).at(ticks, lasting_nanoseconds_per_tick_);
  }

  /// Corrects the line if a second has gone by. `from_ticks`: no later call asks for a time before it, but for that
  /// of a record that was kept.
  void keep_in_step(std::uint64_t from_ticks) noexcept;

  /// The counter, which had `reached` so much, began anew: a new line for what it counts from now on. What is nearer
  /// to the old count keeps its time until the counter is about to come there again.
  void begin_anew(std::uint64_t reached) noexcept;

  /// In ticks.
  double second() const noexcept { return 1e9 / lasting_nanoseconds_per_tick_; }

 private:
  struct point {
    std::uint64_t ticks;
    std::int64_t unix_nanoseconds;
    std::int64_t at(std::uint64_t other, double nanoseconds_per_tick) const noexcept {
      const auto since = static_cast<double>(static_cast<std::int64_t>(other - ticks));
      return unix_nanoseconds + static_cast<std::int64_t>(since * nanoseconds_per_tick);
    }
  };
  struct sample : point {
    std::int64_t steady_nanoseconds; // of a clock that is never set and does not stop when the machine sleeps
  };
  static sample take_sample() noexcept;
  static double rate(const sample& from, const sample& to) noexcept;
  void measure(const sample& now) noexcept;

  // The lasting rate is that between them, but for the first, which is measured in no time.
  sample first_, last_;
  double lasting_nanoseconds_per_tick_;
  point base_, meeting_;
  double correcting_nanoseconds_per_tick_;
  // From here on ticks were counted before the counter began anew.
  std::uint64_t counted_before_ = UINT64_MAX;
  point line_before_{};
};

} // namespace weir::detail
