// Timers ordered by when they are due.
#pragma once

#include "timer.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::detail {

/// A binary heap whose members know their position. Neither owns nor locks; its user does. Timers due at the same
/// time come out in the order in which they were added. Cost: adding and removing O(log n), no allocation once grown.
class timer_heap {
 public:
  bool empty() const noexcept { return heap_.empty(); }
  std::size_t size() const noexcept { return heap_.size(); }
  /// The one due first. Not of an empty heap.
  timer& first() const noexcept { return *heap_.front(); }

  /// Lets go of all timers.
  void clear() noexcept {
    for (timer* each : heap_) each->position_ = timer::nowhere;
    heap_.clear();
  }

  /// Throws std::bad_alloc; the timer is then not in the heap.
  void add(timer& added);
  /// Does nothing if the timer is not in the heap.
  void remove(timer& removed) noexcept;

 private:
  static bool before(const timer& a, const timer& b) noexcept;
  void put(timer& moved, std::size_t position) noexcept;
  void rise(timer& moved) noexcept;
  void sink(timer& moved) noexcept;

  std::vector<timer*> heap_;
  std::uint64_t added_ = 0;
};

} // namespace weir::detail
