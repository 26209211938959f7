#include "log/losses.hpp"

namespace weir::detail {

void loss_account::note(const loss& more) noexcept {
  for (;;) {
    // relaxed: checked below.
    const std::uint64_t turn = turn_.load(std::memory_order_relaxed);
    page& here = pages_[turn % 2];
    // seq_cst, both: one store and one load each here and in take(), in opposite order. Either this thread sees that
    // the page was turned, or the backend sees that it has entered.
    here.entered.fetch_add(more.records, std::memory_order_seq_cst);
    if (turn_.load(std::memory_order_seq_cst) != turn) {
      // relaxed: nothing was written; take() merely waits until this is gone.
      here.entered.fetch_sub(more.records, std::memory_order_relaxed);
      continue;
    }
    // relaxed, all: `left` publishes them.
    std::uint64_t first = here.first.load(std::memory_order_relaxed);
    while (more.first < first && !here.first.compare_exchange_weak(first, more.first, std::memory_order_relaxed)) {
    }
    std::uint64_t last = here.last.load(std::memory_order_relaxed);
    while (more.last > last && !here.last.compare_exchange_weak(last, more.last, std::memory_order_relaxed)) {
    }
    // release: pairs with the acquire in take(), which then reads the times.
    here.left.fetch_add(more.records, std::memory_order_release);
    return;
  }
}

void loss_account::take(loss& taken) noexcept {
  if (is_empty()) return;
  // relaxed: only this thread writes it.
  const std::uint64_t turn = turn_.load(std::memory_order_relaxed) + (turned_ ? 0 : 1);
  // seq_cst, here and at `entered`: as in note().
  if (!turned_) turn_.store(turn, std::memory_order_seq_cst);
  turned_ = true;
  page& other = pages_[(turn - 1) % 2];
  const std::uint64_t entered = other.entered.load(std::memory_order_seq_cst);
  // acquire: pairs with the release in note(); the times of all that are counted in it are there.
  if (other.left.load(std::memory_order_acquire) != entered) return;
  // relaxed, all: the page is this thread's; producers see it again by the next turn.
  taken.add({.records = entered,
             .first = other.first.load(std::memory_order_relaxed),
             .last = other.last.load(std::memory_order_relaxed)});
  other.first.store(UINT64_MAX, std::memory_order_relaxed);
  other.last.store(0, std::memory_order_relaxed);
  other.left.store(0, std::memory_order_relaxed);
  // Not a store: somebody may have entered who is about to find that he is late, and to take himself back.
  other.entered.fetch_sub(entered, std::memory_order_relaxed);
  turned_ = false;
}

} // namespace weir::detail
