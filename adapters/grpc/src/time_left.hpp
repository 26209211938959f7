// How much time a gRPC deadline leaves, however far away it is.
#pragma once

#include <grpc/support/time.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace weir::detail {

/// The time until `deadline`, which may be by any clock of gRPC's or a time span; zero if it has passed; nullopt if
/// there is none, or it is farther away than nanoseconds can count, 292 years. gRPC's own conversion to a
/// system_clock wraps behind the year 2262. Thread-safe.
inline std::optional<std::chrono::nanoseconds> time_left(gpr_timespec deadline) noexcept {
  constexpr std::int64_t too_far = std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds::max()).count();
  const gpr_timespec left = gpr_convert_clock_type(deadline, GPR_TIMESPAN); // keeps what is infinite
  if (left.tv_sec >= too_far) return std::nullopt;
  if (left.tv_sec < 0) return std::chrono::nanoseconds(0);
  return std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
}

} // namespace weir::detail
