// A lock of a byte, because every context that can end has one.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir::detail {

/// A mutex for a few loads and stores, inlined when uncontended. Its unlock() is a plain store, as it knows of nobody
/// to wake: an atomic exchange there was a tenth of what a context's whole life costs. So a thread that finds it
/// taken spins, then yields, then naps, until its holder, which has been interrupted if that takes long, is done:
/// nothing that takes long, and no user code, may run under it. Not recursive, not fair.
class small_mutex {
 public:
  void lock() noexcept {
    // acquire: pairs with the release in unlock().
    if (held_.exchange(true, std::memory_order_acquire)) lock_contended();
  }

  void unlock() noexcept {
    // release: pairs with the acquires in lock() and lock_contended(); publishes what the lock protects.
    held_.store(false, std::memory_order_release);
  }

  /// Returns once nobody holds it, without taking it: for who knows that nobody is going to.
  void await_unlocked() const noexcept {
    // acquire: pairs with the release in unlock().
    if (held_.load(std::memory_order_acquire)) await_contended();
  }

 private:
  void await_contended() const noexcept;
  void lock_contended() noexcept;

  std::atomic<bool> held_{false};
};

} // namespace weir::detail
