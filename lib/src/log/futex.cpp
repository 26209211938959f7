#include "log/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace weir::detail {

namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t), "the kernel reads the number itself");
static_assert(sizeof(std::timespec::tv_sec) == sizeof(long), "the kernel's own timespec");

std::timespec as_timespec(std::chrono::steady_clock::time_point time) noexcept {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {.tv_sec = static_cast<std::time_t>(seconds.count()),
          .tv_nsec = static_cast<long>(std::chrono::nanoseconds(since - seconds).count())};
}

void wake_sleepers(const std::atomic<std::uint32_t>& word, int sleepers) noexcept {
  const int before = errno;
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, sleepers, nullptr, nullptr, 0);
  errno = before;
}

} // namespace

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::optional<std::chrono::steady_clock::time_point> deadline) noexcept {
  const int before = errno;
  std::timespec until{};
  if (deadline) until = as_timespec(*deadline);
  // This one of the two waits takes a time on CLOCK_MONOTONIC, which is what steady_clock reads.
  ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline ? &until : nullptr, nullptr,
            FUTEX_BITSET_MATCH_ANY);
  errno = before;
}

void futex_wake_one(const std::atomic<std::uint32_t>& word) noexcept { wake_sleepers(word, 1); }
void futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept { wake_sleepers(word, INT_MAX); }

} // namespace weir::detail
