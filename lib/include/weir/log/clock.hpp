// The time stamp of a record: one read of the fastest clock that counts steadily.
#pragma once

#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace weir::detail {

struct tsc_properties {
  /// The time-stamp counter ticks at one rate on all cores and in all power states (CPUID 8000_0007h, EDX bit 8).
  bool invariant;
};
extern const tsc_properties this_tsc;

inline std::uint64_t monotonic_nanoseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

/// Ticks of the record clock: TSC counts, or monotonic nanoseconds where there is no steady TSC. wall_clock (backend)
/// turns them into time of day. Cost: that of rdtsc.
inline std::uint64_t record_clock_now() noexcept {
#if defined(__x86_64__)
  if (this_tsc.invariant) [[likely]]
    return __rdtsc();
#endif
  return monotonic_nanoseconds();
}

} // namespace weir::detail
