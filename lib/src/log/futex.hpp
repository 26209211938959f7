// futex(2): sleeping on a number, without a lock that a sleeper could take along.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace weir::detail {

/// Sleeps while `word` is `expected`, until a wake or the deadline, if it is given; may also return for no reason.
/// Unlike a condition variable's, the sleeper leaves nothing behind that others wait for, so a signal handler may
/// keep it, or never return, to nobody's harm; and it is no cancellation point. Thread-safe, as all here. Cost: a
/// system call.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::optional<std::chrono::steady_clock::time_point> deadline) noexcept;

/// To be called after `word` was changed. Async-signal-safe. Cost: a system call.
void futex_wake_one(const std::atomic<std::uint32_t>& word) noexcept;
void futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept;

} // namespace weir::detail
