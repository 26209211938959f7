// The stream's view of the producers: each one's chunks in order, merged by time; dropped from the old end on demand.
#pragma once

#include "log/chunk_pool.hpp"
#include "log/losses.hpp"
#include "weir/log/chunk.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace weir::detail {

/// One lane per producer that has chunks:
///
///   head ──► … ──► tail
///   │              └ open: its producer is filling it, or complete
///   └ claimed while the backend drains; all in between are complete
///
/// The backend reads, without a lock, the chunks that it has claimed; it locks to claim one and to release one, that
/// is, once per chunk. Of the others, producers may take the oldest away, under the same lock: also while the backend
/// hangs in a sink, where it has at most one chunk of each lane. All members but take_oldest() and note_completion()
/// are backend-thread-only.
class lanes {
 public:
  explicit lanes(chunk_pool& pool) : pool_(pool) {}

  /// Takes in every chunk that was opened since the last call. Throws std::bad_alloc; the next call then goes on.
  void collect();

  /// Notes how far each producer has published. To be called after a process-wide barrier that follows the reading of
  /// `now`. Returns the time up to which nothing more can come: `now`, or, while a producer is in the middle of a
  /// record that it may have stamped earlier, the time returned before. A producer that stays there for more than a
  /// second (stopped in a debugger, say) is waited for no longer: its record may then be written out of time order.
  std::uint64_t look(std::uint64_t now);

  /// Calls visit(header, thread_id), which must not throw, for all records up to `horizon`, in time order, and
  /// releases the chunks that are done with.
  template <class Visit>
  void drain(std::uint64_t horizon, Visit visit) noexcept;

  /// Published and not yet drained, as of the last look().
  std::uint64_t pending_bytes() const noexcept { return pending_bytes_; }
  /// Whether any producer has published something that look() has not noted.
  bool has_news() const noexcept;

  /// Whether all of the pool's chunks are in lanes: if they are drained too, nothing will be released until a thread
  /// that has a chunk logs on or ends.
  bool hold_everything() const noexcept;

  /// For the stream's end, when nothing is waited for any more: notes what was published since the last look(), for a
  /// last drain(), and returns the number of producers that stand in the middle of a record. Those records are lost;
  /// if such a producer comes to withdraw its record, it finds that it has been counted. Nothing is displaced after
  /// this.
  std::size_t abandon() noexcept;

  /// For producers: takes the oldest chunk that is complete, not claimed, and holds records of loggers under
  /// overflow_policy::drop_oldest only. Its records are lost: `lost` says how many and from when to when. Gives the
  /// chunk as it is, to be released or used; or nullptr. Thread-safe. Cost: a lock, a look at each lane and at each
  /// record of the chunk.
  chunk* take_oldest(loss& lost) noexcept;
  /// For producers: a chunk has been completed, so that take_oldest() may find one where it found none. Thread-safe.
  void note_completion() noexcept {
    // relaxed: a hint; who has completed the chunk and now wants one reads its own store.
    barren_.store(false, std::memory_order_relaxed);
  }

 private:
  struct lane {
    // Under the lock. Empty if producers have taken everything.
    std::uint64_t producer;
    chunk* head;
    chunk* tail;
    std::uint32_t tail_seen = 0; // tail->published when last looked at; the chunks before it are complete
    std::uint32_t stuck_at = UINT32_MAX;
    std::chrono::steady_clock::time_point stuck_since{};
    // Written by the backend, under the lock; producers only compare `claimed`.
    chunk* claimed = nullptr;   // `head`, while the backend drains
    std::uint32_t readable = 0; // bytes of it
    bool claimed_is_complete = false;

    const record_header* front() const noexcept {
      return claimed != nullptr && claimed->read < readable
                 ? reinterpret_cast<const record_header*>(claimed->records() + claimed->read)
                 : nullptr;
    }
  };

  /// A chunk that take_oldest() may take, or none.
  struct candidate {
    lane* from = nullptr;
    chunk* before = nullptr; // in the lane
    chunk* oldest = nullptr;
    std::uint32_t end = 0;   // bytes of its records
    std::uint64_t ticks = 0; // of the first that is unread
  };

  // Each with the lock held:
  void claim_head(lane& of) noexcept;
  bool is_stuck(lane& in_flight, std::uint32_t seen);
  void take_in();
  candidate find_oldest() const noexcept;
  static void unlink(lane& of, chunk* before) noexcept;

  void begin_drain(std::uint64_t horizon) noexcept;
  void end_drain() noexcept;
  const record_header* front_of_next_chunk(lane& drained) noexcept;
  static std::uint32_t await_end_of_record(const chunk& tail, std::uint32_t seen) noexcept;

  static constexpr std::size_t read_ahead = 512; // bytes: some records

  chunk_pool& pool_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<lane>> lanes_;
  std::unordered_map<std::uint64_t, lane*> by_producer_;
  chunk* homeless_ = nullptr; // taken from the pool, not yet in a lane
  bool abandoned_ = false;
  // take_oldest() has found nothing, and there has been no reason since why it should.
  std::atomic<bool> barren_{false};

  // The backend's alone.
  std::vector<lane*> heap_;
  std::uint64_t horizon_ = 0;
  std::uint64_t pending_bytes_ = 0;
};

template <class Visit>
void lanes::drain(std::uint64_t horizon, Visit visit) noexcept {
  const auto later = [](lane* a, lane* b) { return a->front()->ticks > b->front()->ticks; };
  begin_drain(horizon);
  std::ranges::make_heap(heap_, later);
  while (!heap_.empty()) {
    std::ranges::pop_heap(heap_, later);
    lane& earliest = *heap_.back();
    heap_.pop_back();
    // As long as no other lane has something earlier, its records follow one another.
    const std::uint64_t until = heap_.empty() ? horizon : std::min(horizon, heap_.front()->front()->ticks);
    const record_header* next = earliest.front();
    do {
      // The producer's core has written what is read here; asked for in time, it arrives before it is needed.
      __builtin_prefetch(reinterpret_cast<const std::byte*>(next) + read_ahead);
      visit(*next, earliest.claimed->thread_id);
      earliest.claimed->read += next->size;
      next = earliest.front();
      if (next == nullptr) next = front_of_next_chunk(earliest);
    } while (next != nullptr && next->ticks <= until);
    if (next != nullptr && next->ticks <= horizon) {
      heap_.push_back(&earliest);
      std::ranges::push_heap(heap_, later);
    }
  }
  end_drain();
}

} // namespace weir::detail
