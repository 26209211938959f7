// From record clock ticks to time of day.
#pragma once

#include <cstdint>

namespace weir::detail {

/// A straight line from ticks to Unix nanoseconds that is kept in step with the system's clock: about once a second
/// it is given a slope that meets that clock a second later, so that time neither jumps nor runs backwards; only a
/// clock that was set (by more than 50 ms) is followed at once. Backend-thread-only.
class wall_clock {
 public:
  /// Takes about 2 ms: the first slope has to be measured.
  wall_clock();

  std::int64_t unix_nanoseconds(std::uint64_t ticks) const noexcept {
    const auto since = static_cast<std::int64_t>(ticks - base_ticks_);
    // What lies before the base, as what the flight recorder kept does, may lie far before it: a slope that corrects
    // the clock within a second is wrong there.
    const double slope = since < 0 ? lasting_nanoseconds_per_tick_ : nanoseconds_per_tick_;
    return base_unix_ + static_cast<std::int64_t>(static_cast<double>(since) * slope);
  }

  /// Corrects the line if a second has gone by. `from_ticks`: no later call asks for a time before it, but for that
  /// of a record that was kept.
  void keep_in_step(std::uint64_t from_ticks) noexcept;

 private:
  struct sample {
    std::uint64_t ticks;
    std::int64_t unix_nanoseconds;
  };
  static sample take_sample() noexcept;

  sample last_;
  std::uint64_t base_ticks_;
  std::int64_t base_unix_;
  double nanoseconds_per_tick_;
  // Over all of the clock's life, less what it was set by.
  sample first_;
  double lasting_nanoseconds_per_tick_;
};

} // namespace weir::detail
