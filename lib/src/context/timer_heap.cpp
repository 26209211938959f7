#include "timer_heap.hpp"

namespace weir::detail {

bool timer_heap::before(const timer& a, const timer& b) noexcept {
  return a.due_ != b.due_ ? a.due_ < b.due_ : a.order_ < b.order_;
}

void timer_heap::put(timer& moved, std::size_t position) noexcept {
  heap_[position] = &moved;
  moved.position_ = position;
}

void timer_heap::add(timer& added) {
  heap_.push_back(&added);
  added.order_ = added_++;
  added.position_ = heap_.size() - 1;
  rise(added);
}

void timer_heap::remove(timer& removed) noexcept {
  if (removed.position_ == timer::nowhere) return;
  timer& last = *heap_.back();
  heap_.pop_back();
  if (&last != &removed) {
    put(last, removed.position_);
    rise(last);
    sink(last);
  }
  removed.position_ = timer::nowhere;
}

void timer_heap::rise(timer& moved) noexcept {
  while (moved.position_ > 0) {
    const std::size_t position = moved.position_;
    timer& above = *heap_[(position - 1) / 2];
    if (!before(moved, above)) return;
    put(moved, above.position_);
    put(above, position);
  }
}

void timer_heap::sink(timer& moved) noexcept {
  for (;;) {
    const std::size_t position = moved.position_;
    std::size_t below = 2 * position + 1;
    if (below >= heap_.size()) return;
    if (below + 1 < heap_.size() && before(*heap_[below + 1], *heap_[below])) ++below;
    if (!before(*heap_[below], moved)) return;
    put(*heap_[below], position);
    put(moved, below);
  }
}

} // namespace weir::detail
