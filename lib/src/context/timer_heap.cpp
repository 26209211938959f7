#include "timer_heap.hpp"

namespace weir::detail {

bool timer_heap::before(const timer& a, const timer& b) noexcept {
  return a.x_due != b.x_due ? a.x_due < b.x_due : a.x_order < b.x_order;
}

void timer_heap::put(timer& moved, std::size_t position) noexcept {
  x_heap[position] = &moved;
  moved.x_position = position;
}

void timer_heap::add(timer& added) {
  x_heap.push_back(&added);
  added.x_order = x_added++;
  added.x_position = x_heap.size() - 1;
  rise(added);
}

void timer_heap::remove(timer& removed) noexcept {
  if (removed.x_position == timer::nowhere) return;
  timer& last = *x_heap.back();
  x_heap.pop_back();
  if (&last != &removed) {
    put(last, removed.x_position);
    rise(last);
    sink(last);
  }
  removed.x_position = timer::nowhere;
}

void timer_heap::rise(timer& moved) noexcept {
  while (moved.x_position > 0) {
    const std::size_t position = moved.x_position;
    timer& above = *x_heap[(position - 1) / 2];
    if (!before(moved, above)) return;
    put(moved, above.x_position);
    put(above, position);
  }
}

void timer_heap::sink(timer& moved) noexcept {
  for (;;) {
    const std::size_t position = moved.x_position;
    std::size_t below = 2 * position + 1;
    if (below >= x_heap.size()) return;
    if (below + 1 < x_heap.size() && before(*x_heap[below + 1], *x_heap[below])) ++below;
    if (!before(*x_heap[below], moved)) return;
    put(*x_heap[below], position);
    put(moved, below);
  }
}

}  // namespace weir::detail
