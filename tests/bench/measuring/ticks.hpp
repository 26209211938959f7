// Reading the processor's clock around a piece of code, so that the code stays between the two readings.
#pragma once

#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace bench {

inline std::uint64_t monotonic_nanoseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

/// The time before what follows. Without the fences the processor runs the measured code while it still reads the
/// clock, before and behind: much of a short call would then be hidden in the cost of measuring it.
inline std::uint64_t begin_ticks() noexcept {
#if defined(__x86_64__)
  _mm_lfence();
  const std::uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
#else
  return monotonic_nanoseconds();
#endif
}

/// The time after everything before it has been executed (stores may still be on their way to the cache).
inline std::uint64_t end_ticks() noexcept {
#if defined(__x86_64__)
  unsigned core = 0;
  const std::uint64_t now = __rdtscp(&core);
  _mm_lfence();
  return now;
#else
  return monotonic_nanoseconds();
#endif
}

/// Keeps the core busy without the memory traffic of real work.
inline void spin_for(std::uint64_t ticks) noexcept {
  const std::uint64_t begin = end_ticks();
  while (end_ticks() - begin < ticks) {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }
}

/// Nanoseconds a tick, measured against the system's clock on first use (takes 50 ms).
double nanoseconds_per_tick() noexcept;

inline std::uint64_t ticks_of_nanoseconds(double nanoseconds) noexcept {
  return static_cast<std::uint64_t>(nanoseconds / nanoseconds_per_tick());
}

} // namespace bench
