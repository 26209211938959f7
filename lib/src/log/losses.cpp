#include "log/losses.hpp"

namespace weir::detail {

namespace {

void lower(std::atomic<std::uint64_t>& least, std::uint64_t to) noexcept {
  // relaxed, both: `left`, by a release behind it, shows take() what was written.
  std::uint64_t now = least.load(std::memory_order_relaxed);
  while (to < now && !least.compare_exchange_weak(now, to, std::memory_order_relaxed)) {
  }
}

void raise(std::atomic<std::uint64_t>& most, std::uint64_t to) noexcept {
  // relaxed, both: as in lower().
  std::uint64_t now = most.load(std::memory_order_relaxed);
  while (to > now && !most.compare_exchange_weak(now, to, std::memory_order_relaxed)) {
  }
}

} // namespace

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
    lower(here.first, more.first);
    raise(here.last, more.last);
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
  // seq_cst: pairs with the fetch_add in note(); see there.
  const std::uint64_t entered = other.entered.load(std::memory_order_seq_cst);
  // acquire: pairs with the release in note(); the times of all that are counted in it are there.
  if (other.left.load(std::memory_order_acquire) != entered) return;
  // relaxed, both: who wrote them is counted in `left`, whose acquire was above; nobody writes now.
  const std::uint64_t first = other.first.load(std::memory_order_relaxed);
  const std::uint64_t last = other.last.load(std::memory_order_relaxed);
  taken.add({.records = entered, .first = first, .last = last});
  // relaxed, both: the next turn, by a seq_cst store, shows note() what was written.
  other.first.store(UINT64_MAX, std::memory_order_relaxed);
  other.last.store(0, std::memory_order_relaxed);
  // relaxed, both: as above. Not two stores: somebody may have entered who is about to find that he is late, and to
  // take himself back.
  other.left.store(0, std::memory_order_relaxed);
  other.entered.fetch_sub(entered, std::memory_order_relaxed);
  turned_ = false;
}

} // namespace weir::detail
