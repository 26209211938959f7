#include "weir/context/small_mutex.hpp"

#include <chrono>
#include <thread>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace weir::detail {

namespace {

constexpr unsigned spins = 100, yields = 20;
constexpr auto nap = std::chrono::microseconds(50);

void wait_a_little(unsigned round) noexcept {
  if (round < spins) {
#if defined(__x86_64__)
    _mm_pause();
#endif
  } else if (round < spins + yields) {
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(nap);
  }
}

} // namespace

void small_mutex::await_contended() const noexcept {
  unsigned round = 0;
  // acquire: as in await_unlocked().
  while (held_.load(std::memory_order_acquire)) wait_a_little(round++);
}

void small_mutex::lock_contended() noexcept {
  unsigned round = 0;
  do {
    // relaxed: only a hint when to try again.
    while (held_.load(std::memory_order_relaxed)) wait_a_little(round++);
    // acquire: pairs with the release in unlock().
  } while (held_.exchange(true, std::memory_order_acquire));
}

} // namespace weir::detail
