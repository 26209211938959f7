#include "log/lanes.hpp"

#include "log/crash.hpp"
#include "weir/log/overflow.hpp"

#include <new>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weir::detail {

namespace {

// Longer than a container's CPU quota keeps a thread off its core.
constexpr auto longest_wait_for_a_record = std::chrono::seconds(1);
// The one whose thread has crashed amid it never comes; nobody is to wait for those behind it.
constexpr auto longest_wait_in_a_crash = std::chrono::milliseconds(5);

void pause_briefly() noexcept {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

} // namespace

void lanes::collect() {
  const std::lock_guard lock(mutex_);
  take_in();
  heap_.reserve(lanes_.size());
}

void lanes::take_in() {
  while (homeless_ != nullptr || (homeless_ = pool_.next_opened()) != nullptr) {
    homeless_->next = nullptr;
    homeless_->kept = false;
    if (const auto found = by_producer_.find(homeless_->producer); found != by_producer_.end()) {
      lane& of = *found->second;
      (of.tail == nullptr ? of.head : of.tail->next) = homeless_;
      of.tail = homeless_;
      of.tail_seen = 0;
      of.stuck_at = UINT32_MAX;
    } else {
      if (lanes_.size() == lanes_.capacity()) lanes_.reserve(2 * lanes_.size() + 8);
      auto made = std::make_unique<lane>(lane{.producer = homeless_->producer, .head = homeless_, .tail = homeless_});
      by_producer_.emplace(homeless_->producer, made.get());
      lanes_.push_back(std::move(made));
    }
    homeless_ = nullptr;
    note_completion(); // of the chunk before it
  }
}

std::uint32_t lanes::await_end_of_record(const chunk& tail, std::uint32_t seen) noexcept {
  // A record takes some ten nanoseconds to write; only a producer that lost its core takes longer.
  for (int i = 0; i < 256 && (seen & chunk::writing_bit) != 0; ++i) {
    pause_briefly();
    // acquire: pairs with the release in publish(); the records up to there are readable.
    const std::uint32_t again = tail.published.load(std::memory_order_acquire);
    // Further on, even if it is writing again: the record that was in flight is published, the next one is of after
    // `now`.
    if ((again & ~chunk::flags) != (seen & ~chunk::flags)) return again & ~chunk::writing_bit;
    seen = again;
  }
  return seen;
}

bool lanes::is_stuck(lane& in_flight, std::uint32_t seen) {
  const auto now = std::chrono::steady_clock::now();
  if (in_flight.stuck_at != seen) {
    in_flight.stuck_at = seen;
    in_flight.stuck_since = now;
  }
  const std::chrono::milliseconds patience = is_crashing() ? longest_wait_in_a_crash : longest_wait_for_a_record;
  return now - in_flight.stuck_since > patience;
}

std::uint64_t lanes::look(std::uint64_t now) {
  const std::lock_guard lock(mutex_);
  std::uint64_t horizon = now;
  pending_bytes_ = 0;
  for (const auto& each : lanes_) {
    if (each->tail == nullptr) continue;
    // acquire: pairs with the release in publish(); the records up to there are readable.
    std::uint32_t seen = each->tail->published.load(std::memory_order_acquire);
    seen = await_end_of_record(*each->tail, seen);
    if ((seen & chunk::writing_bit) == 0)
      each->stuck_at = UINT32_MAX;
    else if (!is_stuck(*each, seen))
      horizon = horizon_;
    each->tail_seen = seen & ~chunk::writing_bit;
    for (const chunk* c = each->head; c != nullptr; c = c->next) {
      // relaxed: chunks before the tail are complete and were read with acquire when they were the tail or by the
      // queue.
      const std::uint32_t end = c == each->tail ? each->tail_seen : c->published.load(std::memory_order_relaxed);
      pending_bytes_ += (end & ~chunk::flags) - c->read;
    }
  }
  horizon_ = horizon;
  return horizon;
}

bool lanes::has_news() const noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& each : lanes_) {
    if (each->tail == nullptr) continue;
    // relaxed: only a hint that there is work; look() reads it again with acquire.
    if (each->tail->published.load(std::memory_order_relaxed) != each->tail_seen) return true;
    if (each->head != each->tail || each->head->read != (each->tail_seen & ~chunk::flags)) return true;
  }
  return false;
}

bool lanes::hold_everything() const noexcept {
  const std::lock_guard lock(mutex_);
  std::size_t held = 0;
  for (const auto& each : lanes_)
    for (const chunk* c = each->head; c != nullptr; c = c->next) held += chunk_pool::bytes_of(*c);
  return held == pool_.allocated_bytes();
}

std::size_t lanes::abandon() noexcept {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  std::size_t in_flight = 0;
  for (const auto& each : lanes_) {
    if (each->tail == nullptr) continue;
    // acq_rel: acquire as in look(); and exactly one of this and the exchange in publish_to_sleeper() sees the
    // other's mark.
    const std::uint32_t seen = each->tail->published.fetch_or(chunk::closed_bit, std::memory_order_acq_rel);
    if ((seen & chunk::writing_bit) != 0) ++in_flight;
    // Without `closed`: the chunk must not be released while its producer is in it.
    each->tail_seen = (seen & chunk::closed_bit) != 0 ? seen & ~chunk::writing_bit : seen & ~chunk::flags;
  }
  return in_flight;
}

/// Makes the lane's first chunk with something to read the backend's, and releases those in front of it.
void lanes::claim_head(lane& of) noexcept {
  of.claimed = nullptr;
  while (of.head != nullptr) {
    chunk& c = *of.head;
    // Of the tail no more than look() has noted. acquire, of the others: pairs with the release in publish(), and
    // with the one that closes the chunk.
    const std::uint32_t seen = &c == of.tail ? of.tail_seen : c.published.load(std::memory_order_acquire);
    of.readable = seen & ~chunk::flags;
    of.claimed_is_complete = c.is_complete(seen);
    if (c.read < of.readable || !of.claimed_is_complete) {
      of.claimed = &c;
      return;
    }
    unlink(of, nullptr);
    pool_.release(&c);
  }
}

/// Takes the chunk behind `before` out of the lane; the head, if that is nullptr.
void lanes::unlink(lane& of, chunk* before) noexcept {
  chunk*& link = before == nullptr ? of.head : before->next;
  chunk* const taken = link;
  link = taken->next;
  if (of.tail != taken) return;
  of.tail = before;
  // acquire: as in claim_head(). What follows a complete chunk is in no lane yet, so this is all there is to note.
  if (before != nullptr) of.tail_seen = before->published.load(std::memory_order_acquire);
  of.stuck_at = UINT32_MAX;
}

void lanes::begin_drain(std::uint64_t horizon) noexcept {
  const std::lock_guard lock(mutex_);
  heap_.clear();
  for (const auto& each : lanes_) {
    claim_head(*each);
    const record_header* const first = each->front();
    // There is room: a lane that a producer has taken in since collect() begins after the horizon.
    if (first != nullptr && first->ticks <= horizon && heap_.size() < heap_.capacity()) heap_.push_back(each.get());
  }
}

const record_header* lanes::front_of_next_chunk(lane& drained) noexcept {
  if (drained.claimed == nullptr || !drained.claimed_is_complete) return nullptr;
  const std::lock_guard lock(mutex_);
  claim_head(drained);
  return drained.front();
}

void lanes::end_drain() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& each : lanes_) each->claimed = nullptr;
  note_completion(); // of nothing, but what was claimed may be taken
  // A lane without chunks belongs to a thread that has ended, or will come back as a new lane.
  std::erase_if(lanes_, [this](const auto& each) {
    if (each->head != nullptr) return false;
    by_producer_.erase(each->producer);
    return true;
  });
}

namespace {

bool may_be_displaced(const record_header& header) noexcept {
  // relaxed: a policy orders nothing.
  return header.logger->overflow.load(std::memory_order_relaxed).policy == overflow_policy::drop_oldest;
}

const record_header* next_unread(chunk& c) noexcept {
  return reinterpret_cast<const record_header*>(c.records() + c.read);
}

/// The unread records of a complete chunk; false if some logger wants to keep one.
bool weigh(chunk& c, std::uint32_t end, loss& records) noexcept {
  records = {};
  for (std::uint32_t at = c.read; at < end;) {
    const auto& header = *reinterpret_cast<const record_header*>(c.records() + at);
    if (!may_be_displaced(header)) return false;
    records.add({.records = 1, .first = header.ticks, .last = header.ticks});
    at += header.size;
  }
  return true;
}

} // namespace

lanes::candidate lanes::find_oldest() const noexcept {
  candidate best;
  for (const auto& each : lanes_) {
    chunk* before = each->claimed;
    chunk* c = before != nullptr ? before->next : each->head;
    for (; c != nullptr && c->kept; c = c->next) before = c;
    if (c == nullptr) continue;
    // acquire: pairs with the release in publish() and with the one that closes the chunk: its records are
    // readable, and its producer has left it.
    const std::uint32_t seen = c->published.load(std::memory_order_acquire);
    if (!c->is_complete(seen)) continue;
    const std::uint32_t end = seen & ~chunk::flags;
    const std::uint64_t ticks = c->read < end ? next_unread(*c)->ticks : 0; // a drained one is the best of all
    if (best.oldest == nullptr || ticks < best.ticks) best = {each.get(), before, c, end, ticks};
  }
  return best;
}

chunk* lanes::take_oldest(loss& lost) noexcept {
  // relaxed: see note_completion().
  if (barren_.load(std::memory_order_relaxed)) return nullptr;
  const std::lock_guard lock(mutex_);
  if (abandoned_) return nullptr;
  // The backend may be stuck in a sink, and not have seen the newest chunks.
  try {
    take_in();
  } catch (const std::bad_alloc&) { // what is in the lanes already must do
  }
  for (;;) {
    const candidate found = find_oldest();
    if (found.oldest == nullptr) {
      // relaxed: see note_completion().
      barren_.store(true, std::memory_order_relaxed);
      return nullptr;
    }
    if (weigh(*found.oldest, found.end, lost)) {
      unlink(*found.from, found.before);
      return found.oldest;
    }
    found.oldest->kept = true;
  }
}

} // namespace weir::detail
