// How the log itself says that it is incomplete.
#pragma once

#include "log/delivery.hpp"
#include "log/losses.hpp"
#include "log/stream_core.hpp"
#include "log/wall_clock.hpp"

#include <chrono>
#include <cstdint>

namespace weir::detail {

/// Says "N records dropped between T1 and T2 (reason)", one line a reason, where T1 and T2 are the stamps of the
/// first and the last of exactly these N. A line that no sink takes is said again, with what has been lost meanwhile;
/// one that no sink's threshold lets through is left unsaid.
/// These lines are the stream's own and are not counted as records. What was logged after close() is not reported:
/// there is nobody left to do it. Backend-thread-only.
class loss_report {
 public:
  static constexpr auto interval = std::chrono::seconds(1);

  loss_report(stream_core& core, delivery& out, const wall_clock& clock) noexcept
      : core_(core), out_(out), clock_(clock) {}

  /// Reports if there is something and the last time was an interval ago. `now`: the lines' time, not before that of
  /// any record written.
  void say_if_due(std::uint64_t now) noexcept;
  void say(std::uint64_t now) noexcept;

  /// Whether something is lost that has not been reported.
  bool has_news() const noexcept;

 private:
  struct gap {
    std::uint64_t records = 0;
    // Kept as time of day: by the time that a sink takes the line, the clock may have been set.
    std::int64_t first = INT64_MAX, last = INT64_MIN; // Unix nanoseconds
  };

  void gather() noexcept;
  bool say(const gap& lost, drop_reason reason, std::uint64_t now) noexcept;

  stream_core& core_;
  delivery& out_;
  const wall_clock& clock_;
  gap unreported_[drop_reasons];
  std::chrono::steady_clock::time_point next_{};
};

} // namespace weir::detail
