// A lock of four bytes, because every context that can end has one.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir::detail {

/// A mutex for a few loads and stores: a tenth of a std::mutex in size and inlined when uncontended; a thread that
/// finds it taken sleeps until unlock() wakes it. Not recursive, not fair.
class small_mutex {
 public:
  void lock() noexcept {
    auto expected = state::free;
    // acquire: pairs with the release in unlock(); relaxed on failure, when nothing is read.
    if (!state_.compare_exchange_strong(expected, state::held, std::memory_order_acquire, std::memory_order_relaxed))
      lock_contended();
  }

  void unlock() noexcept {
    // release: pairs with the acquires in lock() and lock_contended(); publishes what the lock protects.
    if (state_.exchange(state::free, std::memory_order_release) == state::awaited) state_.notify_one();
  }

 private:
  enum class state : std::uint32_t { free, held, awaited };

  void lock_contended() noexcept {
    // Taking it as `awaited` may cost a needless wake-up later, but never loses one.
    // acquire: pairs with the release in unlock().
    while (state_.exchange(state::awaited, std::memory_order_acquire) != state::free) {
      // relaxed: only a hint when to try again.
      state_.wait(state::awaited, std::memory_order_relaxed);
    }
  }

  std::atomic<state> state_{state::free};
};

} // namespace weir::detail
