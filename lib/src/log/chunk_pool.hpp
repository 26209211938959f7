// The stream's memory: chunks that are free, and the way of opened ones to the backend.
#pragma once

#include "log/doorbell.hpp"
#include "weir/log/chunk.hpp"

#include <concurrentqueue.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_set>

namespace weir::detail {

/// Chunks go round: acquire() by a producer, hand_over() to the backend, release() by the backend. Both hand-overs
/// are lock-free queues touched once per chunk. Thread-safe, except where a member says otherwise.
class chunk_pool {
 public:
  /// `spare_bytes`: what threads that hold chunks and log no more must leave to others.
  chunk_pool(std::size_t chunk_bytes, std::size_t limit_bytes, std::size_t spare_bytes)
      : chunk_bytes_(chunk_bytes),
        limit_bytes_(limit_bytes),
        most_holders_((limit_bytes - spare_bytes) / chunk_bytes) {}
  ~chunk_pool();
  chunk_pool(const chunk_pool&) = delete;
  chunk_pool& operator=(const chunk_pool&) = delete;

  /// Whether a thread may keep an ordinary chunk open for as long as it lives. Whoever may not asks for chunks that
  /// are full at once: these come back as soon as the backend has drained them, so that there is an end to every
  /// wait.
  bool begin_holding() noexcept;
  void stop_holding() noexcept;

  /// The largest record that fits an ordinary chunk.
  std::size_t chunk_capacity() const noexcept { return chunk_bytes_ - sizeof(chunk); }

  /// A chunk with room for `size` bytes, empty; one made for just that size if it exceeds chunk_capacity() or `exact`
  /// is set. nullptr when none is free and the limit forbids another.
  chunk* try_acquire(std::size_t size, bool exact) noexcept;

  enum class wait_result : std::uint8_t { acquired, refused, closed, timed_out };
  /// As above, but waits for release(), refuse_waiters() or close(), or until `deadline`, if it is given; rings
  /// `backend`, so that it looks for chunks to release.
  wait_result acquire(std::size_t size, bool exact, doorbell& backend,
                      std::optional<std::chrono::steady_clock::time_point> deadline, chunk*& result) noexcept;

  /// Shows an opened chunk to the backend. False if there is no memory for the queue.
  bool hand_over(chunk* opened) noexcept { return opened_.enqueue(opened); }
  /// The next opened chunk, or nullptr; backend only. One thread's chunks come in the order in which it opened them.
  chunk* next_opened() noexcept {
    chunk* opened = nullptr;
    if (!opened_.try_dequeue(opened)) return nullptr;
    // acquire: pairs with the release in start_chunk(); capacity and producer are there. The queue says the same, but
    // by fences, which ThreadSanitizer does not follow.
    static_cast<void>(opened->published.load(std::memory_order_acquire));
    return opened;
  }

  /// Takes back a chunk that is drained, or was never handed over.
  void release(chunk* drained) noexcept;

  /// Producers that wait in acquire().
  std::uint32_t waiters() const noexcept;
  /// Lets all waiters try again.
  void wake_waiters() noexcept;
  /// Sends all waiters away: there is nothing that the backend could release.
  void refuse_waiters() noexcept;
  /// Sends all waiters away, now and ever after.
  void close() noexcept;

  /// The chunks' counts of statements held back, those of chunks that are no more included. Cost: a lock, a load for
  /// each chunk.
  std::uint64_t suppressed() const noexcept;

  /// Across a fork: suppressed() may be asked in the child.
  void lock() noexcept { all_mutex_.lock(); }
  void unlock() noexcept { all_mutex_.unlock(); }

  /// Never above limit_bytes().
  std::size_t allocated_bytes() const noexcept;
  std::size_t limit_bytes() const noexcept { return limit_bytes_; }
  static std::size_t bytes_of(const chunk& c) noexcept { return sizeof(chunk) + c.capacity; }

 private:
  chunk* allocate(std::size_t bytes) noexcept;
  void free(chunk* dead) noexcept;
  void announce_change(bool to_all) noexcept;

  const std::size_t chunk_bytes_, limit_bytes_, most_holders_;
  std::atomic<std::size_t> holders_{0};
  moodycamel::ConcurrentQueue<chunk*> free_;
  moodycamel::ConcurrentQueue<chunk*> opened_;
  std::atomic<std::size_t> allocated_bytes_{0};
  std::atomic<std::uint32_t> waiters_{0};
  std::atomic<std::uint32_t> changes_{0}; // what waiters sleep on: raised by release, wake, refuse, close
  std::atomic<std::uint32_t> refusals_{0};
  std::atomic<bool> closed_{false};

  mutable std::mutex all_mutex_; // taken when memory is allocated or given back, not when chunks go round
  std::unordered_set<chunk*> all_;
  std::uint64_t suppressed_in_freed_ = 0;
};

} // namespace weir::detail
