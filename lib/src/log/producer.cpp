// A thread's chunks: opened when it logs, closed when it ends.
#include "weir/log/producer.hpp"

#include "log/room.hpp"
#include "log/stream_core.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace weir::detail {

namespace {

struct producer_id {
  std::uint64_t unique = 0;
  std::uint32_t thread = 0; // asked for once: it costs a system call
};

/// Counted by the stream, not by the library: a program and a plug-in of it may each have a library of their own.
producer_id new_producer(stream_core& core) noexcept {
  // relaxed: only its being different matters.
  return {core.producers.fetch_add(1, std::memory_order_relaxed) + 1, static_cast<std::uint32_t>(::gettid())};
}

void close_chunk(stream_core& core, cursor& place) noexcept {
  if (place.open == nullptr) return;
  const std::uint32_t end = position(place);
  // relaxed: a statistic.
  core.queue_bytes.fetch_add(end, std::memory_order_relaxed);
  // A full chunk is complete without being closed, and may be somebody else's by now.
  if (place.at != place.end) {
    // release: pairs with the acquires in lanes; nothing is written to the chunk after this.
    place.open->published.store(end | chunk::closed_bit, std::memory_order_release);
  }
  core.lanes.note_completion();
  place.open = nullptr;
  place.at = place.end = nullptr;
}

constinit thread_local bool this_thread_has_ended = false;

/// The streams this thread has logged to. The one in use has its cursor in this_thread_cursor.
class thread_producers {
 public:
  thread_producers() = default;
  thread_producers(const thread_producers&) = delete;
  thread_producers& operator=(const thread_producers&) = delete;

  ~thread_producers() {
    park();
    for (producer& each : producers_) {
      close_chunk(*each.core, each.place);
      if (each.may_hold) each.core->pool.stop_holding();
    }
    this_thread_has_ended = true;
  }

  struct producer {
    std::shared_ptr<stream_core> core;
    cursor place;
    producer_id id;
    bool may_hold = false; // a chunk that it does not fill at once
  };

  /// Makes `core`'s cursor the thread's; returns the producer. Throws std::bad_alloc.
  producer& select(stream_core& core) {
    if (this_thread_cursor.stream != &core) {
      park();
      // relaxed: a stream seen as unfinished is merely forgotten later.
      std::erase_if(producers_, [](const producer& p) { return p.core->finished.load(std::memory_order_relaxed); });
      auto found = std::ranges::find(producers_, &core, [](const producer& p) { return p.core.get(); });
      if (found == producers_.end()) {
        producers_.push_back({.core = std::static_pointer_cast<stream_core>(core.shared_from_this()),
                              .place = {.stream = &core},
                              .id = new_producer(core)});
        found = producers_.end() - 1;
      }
      this_thread_cursor = found->place;
      active_ = static_cast<std::size_t>(found - producers_.begin());
    }
    return producers_[active_];
  }

 private:
  void park() noexcept {
    if (this_thread_cursor.stream != nullptr) producers_[active_].place = this_thread_cursor;
    this_thread_cursor = {};
  }

  std::vector<producer> producers_;
  std::size_t active_ = 0;
};

thread_producers::producer& select_producer(stream_core& core) {
  thread_local thread_producers producers;
  return producers.select(core);
}

/// Opens `fresh` at this thread's cursor and shows it to the backend.
bool start_chunk(stream_core& core, chunk* fresh, const producer_id& producer) noexcept {
  fresh->producer = producer.unique;
  fresh->thread_id = producer.thread;
  // release: pairs with the acquire in lanes::look(); capacity, producer and thread are there for who sees the chunk.
  fresh->published.store(0, std::memory_order_release);
  if (!core.pool.hand_over(fresh)) return false;
  this_thread_cursor.stream = &core;
  this_thread_cursor.open = fresh;
  this_thread_cursor.at = fresh->records();
  this_thread_cursor.end = fresh->records() + fresh->capacity;
  return true;
}

cursor* drop(stream_core& core, drop_reason reason) noexcept {
  core.count_dropped(reason);
  return nullptr;
}

} // namespace

cursor* open_chunk(stream_front& front, const logger_state& logger, std::size_t size) noexcept {
  auto& core = static_cast<stream_core&>(front);
  // acquire: pairs with close(); a stream that is closing takes no more records.
  if (core.asleep.load(std::memory_order_acquire) == closing) return drop(core, drop_reason::closed);

  // A thread whose own destructors have run gets a chunk for this one record: it is full at once, so nobody has to
  // close it. So do those that come when so many hold chunks that another one might leave no memory to write by.
  bool single = this_thread_has_ended;
  producer_id producer;
  if (single) {
    producer = new_producer(core);
  } else {
    try {
      auto& mine = select_producer(core);
      producer = mine.id;
      if (!mine.may_hold) mine.may_hold = core.pool.begin_holding();
      single = !mine.may_hold;
    } catch (...) {
      return drop(core, drop_reason::unrenderable);
    }
    if (size <= static_cast<std::size_t>(this_thread_cursor.end - this_thread_cursor.at)) return &this_thread_cursor;
    close_chunk(core, this_thread_cursor);
  }

  chunk* fresh = core.pool.try_acquire(size, single);
  if (fresh == nullptr) {
    const room made = make_room(core, logger, size, single);
    if (made.fresh == nullptr) return drop(core, made.why);
    fresh = made.fresh;
  }
  if (!start_chunk(core, fresh, producer)) {
    core.pool.release(fresh);
    return drop(core, drop_reason::unrenderable);
  }
  return &this_thread_cursor;
}

void publish_to_sleeper(stream_front& front, std::uint32_t size, level severity) noexcept {
  auto& core = static_cast<stream_core&>(front);
  cursor& mine = this_thread_cursor;
  // acquire: pairs with close().
  if (core.asleep.load(std::memory_order_acquire) != closing) {
    finish_record(mine, mine.at + size);
    std::uint32_t expected = sleeping;
    // acq_rel: one of the producers that see the flag rings; pairs with the release that set it. If it is `closing`
    // by now, the backend has been rung, and it waits for the record, whose beginning it sees.
    if (core.asleep.compare_exchange_strong(expected, awake, std::memory_order_acq_rel, std::memory_order_relaxed))
      core.bell.ring();
    if (severity >= front.flush_at) wake_backend(front);
    return;
  }
  // The record is withdrawn. acq_rel: exactly one of this exchange and lanes::abandon() sees the other's mark, so it
  // is counted once.
  const std::uint32_t before = mine.open->published.exchange(position(mine), std::memory_order_acq_rel);
  if ((before & chunk::closed_bit) == 0) core.count_dropped(drop_reason::closed);
  // Nothing fits any more, so the next call comes by open_chunk() and is refused there.
  mine.at = mine.end;
}

void wake_backend(stream_front& front) noexcept {
  auto& core = static_cast<stream_core&>(front);
  // In a forked child there is nobody to wake, and the bell's lock may be another thread's for ever.
  if (!core.in_forked_child()) core.bell.ring();
}

void watch(stream_front& front, limited_statement& statement) noexcept {
  auto& core = static_cast<stream_core&>(front);
  // acquire: pairs with close(); nobody would look any more, as in a forked child.
  if (core.asleep.load(std::memory_order_acquire) == closing || core.in_forked_child()) return;
  if (core.limited.add(statement)) wake_backend(front);
}

void count_suppressed_elsewhere(stream_front& front) noexcept {
  // relaxed: a statistic.
  static_cast<stream_core&>(front).suppressed_elsewhere.fetch_add(1, std::memory_order_relaxed);
}

void count_unrenderable(stream_front& front) noexcept {
  static_cast<stream_core&>(front).count_dropped(drop_reason::unrenderable);
}

} // namespace weir::detail
