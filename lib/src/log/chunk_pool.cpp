#include "log/chunk_pool.hpp"

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

void chunk_pool::free(chunk* dead) noexcept {
  // relaxed: as in allocate().
  allocated_bytes_.fetch_sub(bytes_of(*dead), std::memory_order_relaxed);
  {
    const std::lock_guard lock(all_mutex_);
    all_.erase(dead);
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
                                            chunk*& result) noexcept {
  // relaxed: only a change from here on counts, and changes_ orders it.
  const std::uint32_t refused_before = refusals_.load(std::memory_order_relaxed);
  // relaxed: the bell orders it: the backend does not go to sleep after this ring without having seen that there is
  // a waiter, and as long as there is one it keeps making rounds.
  waiters_.fetch_add(1, std::memory_order_relaxed);
  backend.ring();
  wait_result outcome = wait_result::acquired;
  for (;;) {
    // acquire: pairs with the release increments; what came with the change is seen below.
    const std::uint32_t seen = changes_.load(std::memory_order_acquire);
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
    // Woken by release(), refuse_waiters() and close(), all of which raise changes_. acquire: as above.
    changes_.wait(seen, std::memory_order_acquire);
  }
  // relaxed: the backend may take a leaving thread for a waiting one; it then only makes an idle round.
  waiters_.fetch_sub(1, std::memory_order_relaxed);
  return outcome;
}

void chunk_pool::release(chunk* drained) noexcept {
  const bool ordinary = bytes_of(*drained) == chunk_bytes_;
  drained->read = 0;
  drained->next = nullptr;
  // release: pairs with the acquire in try_acquire(); the next producer finds the chunk as it is here.
  drained->published.store(0, std::memory_order_release);
  if (!ordinary || !free_.enqueue(drained)) free(drained);
  // release: pairs with the acquire in acquire(); the chunk, or the room, is there for whoever sees the change.
  changes_.fetch_add(1, std::memory_order_release);
  // One is enough if the waiters want chunks alike; if the one that is woken cannot use it, the backend's
  // wake_waiters() comes to the others' help.
  changes_.notify_one();
}

std::uint32_t chunk_pool::waiters() const noexcept {
  // relaxed: see acquire().
  return waiters_.load(std::memory_order_relaxed);
}

void chunk_pool::wake_waiters() noexcept {
  // release: pairs with the acquire in acquire().
  changes_.fetch_add(1, std::memory_order_release);
  changes_.notify_all();
}

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

std::size_t chunk_pool::allocated_bytes() const noexcept {
  // relaxed: a statistic.
  return allocated_bytes_.load(std::memory_order_relaxed);
}

} // namespace weir::detail
