#include "log/chunk_pool.hpp"

#include "log/futex.hpp"

#include <new>

namespace weir::detail {

chunk_pool::~chunk_pool() {
  for (chunk* c : all_) ::operator delete (c, std::align_val_t{alignof(chunk)});
}

chunk* chunk_pool::allocate(std::size_t bytes) noexcept {
  // relaxed, all: the sum is all that matters. Not added first and taken back when it was too much: that would refuse
  // others the room that is there.
  std::size_t before = allocated_bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_bytes_ - before) return nullptr;
    // relaxed: as above.
  } while (!allocated_bytes_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));

  void* block = ::operator new (bytes, std::align_val_t{alignof(chunk)}, std::nothrow);
  if (block != nullptr) {
    auto* made = new (block) chunk{};
    made->capacity = static_cast<std::uint32_t>(bytes - sizeof(chunk));
    try {
      const std::lock_guard lock(all_mutex_);
      all_.insert(made);
      return made;
    } catch (const std::bad_alloc&) {
      ::operator delete (block, std::align_val_t{alignof(chunk)});
    }
  }
  // relaxed: as above.
  allocated_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return nullptr;
}

bool chunk_pool::begin_holding() noexcept {
  // relaxed, all: a number that orders nothing.
  std::size_t holders = holders_.load(std::memory_order_relaxed);
  do {
    if (holders >= most_holders_) return false;
    // relaxed: as above.
  } while (!holders_.compare_exchange_weak(holders, holders + 1, std::memory_order_relaxed));
  return true;
}

void chunk_pool::stop_holding() noexcept {
  // relaxed: as above.
  holders_.fetch_sub(1, std::memory_order_relaxed);
}

void chunk_pool::free(chunk* dead) noexcept {
  // relaxed: as in allocate().
  allocated_bytes_.fetch_sub(bytes_of(*dead), std::memory_order_relaxed);
  {
    const std::lock_guard lock(all_mutex_);
    all_.erase(dead);
    // relaxed: who had the chunk before has given it away by a release.
    suppressed_in_freed_ += dead->suppressed.load(std::memory_order_relaxed);
  }
  ::operator delete (dead, std::align_val_t{alignof(chunk)});
}

chunk* chunk_pool::try_acquire(std::size_t size, bool exact) noexcept {
  chunk* taken = nullptr;
  if (!exact && size <= chunk_capacity()) {
    if (free_.try_dequeue(taken)) {
      // acquire: pairs with the release in release(); the backend's last writes to the chunk came before.
      static_cast<void>(taken->published.load(std::memory_order_acquire));
      return taken;
    }
    return allocate(chunk_bytes_);
  }
  // A chunk of its own may have to be made out of free ones.
  while ((taken = allocate(sizeof(chunk) + size)) == nullptr) {
    chunk* spare = nullptr;
    if (!free_.try_dequeue(spare)) return nullptr;
    free(spare);
  }
  return taken;
}

chunk_pool::wait_result chunk_pool::acquire(std::size_t size, bool exact, doorbell& backend,
                                            std::optional<std::chrono::steady_clock::time_point> deadline,
                                            chunk*& result) noexcept {
  // relaxed: only a change from here on counts, and changes_ orders it.
  const std::uint32_t refused_before = refusals_.load(std::memory_order_relaxed);
  // seq_cst: with the three others in here and in announce_change(). Either that sees that somebody waits, or this
  // thread sees the change. The backend's view of it is ordered by the bell: it does not go to sleep after this ring
  // without having seen that there is a waiter, and as long as there is one it keeps making rounds.
  waiters_.fetch_add(1, std::memory_order_seq_cst);
  backend.ring();
  wait_result outcome = wait_result::acquired;
  for (;;) {
    // seq_cst: as above; acquire: what came with the change is seen below.
    const std::uint32_t seen = changes_.load(std::memory_order_seq_cst);
    result = try_acquire(size, exact);
    if (result != nullptr) break;
    // acquire: pairs with close().
    if (closed_.load(std::memory_order_acquire)) {
      outcome = wait_result::closed;
      break;
    }
    // acquire: pairs with refuse_waiters().
    if (refusals_.load(std::memory_order_acquire) != refused_before) {
      outcome = wait_result::refused;
      break;
    }
    if (deadline && std::chrono::steady_clock::now() >= *deadline) {
      outcome = wait_result::timed_out;
      break;
    }
    // Woken by release(), refuse_waiters() and close(), all of which raise changes_, and by the deadline. The kernel
    // compares changes_ with what was seen under a lock of its own, which the wake takes, too: a change since then is
    // not slept through.
    futex_wait(changes_, seen, deadline);
  }
  // relaxed: the backend may take a leaving thread for a waiting one; it then only makes an idle round.
  waiters_.fetch_sub(1, std::memory_order_relaxed);
  return outcome;
}

void chunk_pool::announce_change(bool to_all) noexcept {
  // seq_cst, both: as in acquire(); release: the chunk, or the room, is there for whoever sees the change.
  changes_.fetch_add(1, std::memory_order_seq_cst);
  if (waiters_.load(std::memory_order_seq_cst) == 0) return;
  if (to_all)
    futex_wake_all(changes_);
  else
    futex_wake_one(changes_);
}

void chunk_pool::release(chunk* drained) noexcept {
  const bool ordinary = bytes_of(*drained) == chunk_bytes_;
  drained->read = 0;
  drained->next = nullptr;
  // release: pairs with the acquire in try_acquire(); the next producer finds the chunk as it is here.
  drained->published.store(0, std::memory_order_release);
  if (!ordinary || !free_.enqueue(drained)) free(drained);
  // One is enough if the waiters want chunks alike; if the one that is woken cannot use it, the backend's
  // wake_waiters() comes to the others' help.
  announce_change(false);
}

std::uint32_t chunk_pool::waiters() const noexcept {
  // relaxed: see acquire().
  return waiters_.load(std::memory_order_relaxed);
}

void chunk_pool::wake_waiters() noexcept { announce_change(true); }

void chunk_pool::refuse_waiters() noexcept {
  // release: pairs with the acquire in acquire().
  refusals_.fetch_add(1, std::memory_order_release);
  wake_waiters();
}

void chunk_pool::close() noexcept {
  // release: pairs with the acquire in acquire().
  closed_.store(true, std::memory_order_release);
  wake_waiters();
}

std::uint64_t chunk_pool::suppressed() const noexcept {
  const std::lock_guard lock(all_mutex_);
  std::uint64_t sum = suppressed_in_freed_;
  // relaxed: a statistic.
  for (const chunk* c : all_) sum += c->suppressed.load(std::memory_order_relaxed);
  return sum;
}

std::size_t chunk_pool::allocated_bytes() const noexcept {
  // relaxed: a statistic.
  return allocated_bytes_.load(std::memory_order_relaxed);
}

} // namespace weir::detail
