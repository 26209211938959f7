// The backend's view of the producers: each one's chunks in order, merged by time.
#pragma once

#include "log/chunk_pool.hpp"
#include "weir/log/chunk.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace weir::detail {

/// One lane per producer that has chunks. Backend-thread-only.
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

  /// Calls visit(header), which must not throw, for all records up to `horizon`, in time order, and releases the
  /// chunks that are done with.
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
  /// if such a producer comes to withdraw its record, it finds that it has been counted.
  std::size_t abandon() noexcept;

 private:
  struct lane {
    std::uint64_t producer;
    chunk* head;
    chunk* tail;
    std::uint32_t tail_seen = 0; // tail->published when last looked at; the chunks before it are complete
    std::uint32_t stuck_at = UINT32_MAX;
    std::chrono::steady_clock::time_point stuck_since{};
  };

  const record_header* front(lane& of);
  bool is_stuck(lane& in_flight, std::uint32_t seen);
  static std::uint32_t await_end_of_record(const chunk& tail, std::uint32_t seen) noexcept;

  static constexpr std::size_t read_ahead = 512; // bytes: some records

  chunk_pool& pool_;
  std::vector<std::unique_ptr<lane>> lanes_;
  std::unordered_map<std::uint64_t, lane*> by_producer_;
  std::vector<lane*> heap_;
  std::uint64_t horizon_ = 0;
  std::uint64_t pending_bytes_ = 0;
  chunk* homeless_ = nullptr; // taken from the pool, not yet in a lane
};

template <class Visit>
void lanes::drain(std::uint64_t horizon, Visit visit) noexcept {
  const auto later = [this](lane* a, lane* b) { return front(*a)->ticks > front(*b)->ticks; };
  heap_.clear(); // collect() has reserved room for all lanes
  for (const auto& each : lanes_) {
    const record_header* first = front(*each);
    if (first != nullptr && first->ticks <= horizon) heap_.push_back(each.get());
  }
  std::ranges::make_heap(heap_, later);
  while (!heap_.empty()) {
    std::ranges::pop_heap(heap_, later);
    lane& earliest = *heap_.back();
    heap_.pop_back();
    // As long as no other lane has something earlier, its records follow one another.
    const std::uint64_t until = heap_.empty() ? horizon : std::min(horizon, front(*heap_.front())->ticks);
    const record_header* next = front(earliest);
    do {
      // The producer's core has written what is read here; asked for in time, it arrives before it is needed.
      __builtin_prefetch(reinterpret_cast<const std::byte*>(next) + read_ahead);
      visit(*next);
      earliest.head->read += next->size;
      next = front(earliest);
    } while (next != nullptr && next->ticks <= until);
    if (next != nullptr && next->ticks <= horizon) {
      heap_.push_back(&earliest);
      std::ranges::push_heap(heap_, later);
    }
  }
  // A lane without chunks belongs to a thread that has ended, or will come back as a new lane.
  std::erase_if(lanes_, [this](const auto& each) {
    if (each->head != nullptr) return false;
    by_producer_.erase(each->producer);
    return true;
  });
}

} // namespace weir::detail
