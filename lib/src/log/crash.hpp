// Whether the process is crashing, for those who must not be patient then.
#pragma once

#include <pthread.h>

#include <atomic>

namespace weir::detail {

/// The thread whose fatal signal is being handled; 0, which glibc gives to none, as a rule. Written by the handlers in
/// fatal_signals.cpp.
inline constinit std::atomic<::pthread_t> crashing_thread{0};
static_assert(std::atomic<::pthread_t>::is_always_lock_free, "signal handlers read and write it");

inline bool is_crashing() noexcept {
  // relaxed: whoever must act on it is rung afterwards.
  return crashing_thread.load(std::memory_order_relaxed) != 0;
}

} // namespace weir::detail
