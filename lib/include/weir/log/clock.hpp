// The time stamp of a record: one read of the fastest clock that counts steadily.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

/// How closely the time stamps of different threads follow the order in which things happened.
enum class stamp_order : std::uint8_t {
  /// The default. A core may read its counter ahead of loads that it still waits for, so a record that answers another
  /// thread's can be stamped, and written, before it: by less than a microsecond, in 1 of 30 000 hand-overs between
  /// two threads that log in turn (measured; AMD Zen 5).
  loose,
  /// The counter is read behind a load fence: a record that answers another thread's has the later stamp, always.
  /// Costs every record 6 to 9 ns more (measured there, too).
  causal,
};

/// For the whole process; records of one thread are in order in any case. Thread-safe; takes effect on other threads
/// soon, not at once. Without effect where there is no steady time-stamp counter: other clocks are causal.
void set_stamp_order(stamp_order order) noexcept;

namespace detail {

/// What records are stamped with. The TSC is used where it ticks at one rate on all cores and in all power states
/// (CPUID 8000_0007h, EDX bit 8).
enum class record_clock : std::uint8_t { monotonic, tsc, fenced_tsc };
extern std::atomic<record_clock> this_record_clock;

std::uint64_t monotonic_nanoseconds() noexcept;

/// For the clocks that are seldom used. Out of line: they would be in the way at every log call.
std::uint64_t other_clock_now() noexcept;

/// Whether tsc_now() is the record clock.
inline bool clock_is_tsc() noexcept {
  // relaxed: a setting orders nothing.
  return this_record_clock.load(std::memory_order_relaxed) == record_clock::tsc;
}
inline std::uint64_t tsc_now() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc(); // not __rdtsc(), whose header alone would take a third of ours to compile
#else
  return 0;
#endif
}

/// Ticks of the record clock: TSC counts, or monotonic nanoseconds where there is no steady TSC. wall_clock (backend)
/// turns them into time of day. Cost: that of rdtsc.
inline std::uint64_t record_clock_now() noexcept {
  if (clock_is_tsc()) [[likely]]
    return tsc_now();
  return other_clock_now();
}

} // namespace detail
} // namespace weir
