#include "log/lanes.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weir::detail {

namespace {

// Longer than a container's CPU quota keeps a thread off its core.
constexpr auto longest_wait_for_a_record = std::chrono::seconds(1);

void pause_briefly() noexcept {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

} // namespace

void lanes::collect() {
  while (homeless_ != nullptr || (homeless_ = pool_.next_opened()) != nullptr) {
    homeless_->next = nullptr;
    if (const auto found = by_producer_.find(homeless_->producer); found != by_producer_.end()) {
      lane& of = *found->second;
      of.tail->next = homeless_;
      of.tail = homeless_;
      of.tail_seen = 0;
      of.stuck_at = UINT32_MAX;
    } else {
      if (lanes_.size() == lanes_.capacity()) lanes_.reserve(2 * lanes_.size() + 8);
      heap_.reserve(lanes_.capacity());
      auto made = std::make_unique<lane>(lane{.producer = homeless_->producer, .head = homeless_, .tail = homeless_});
      by_producer_.emplace(homeless_->producer, made.get());
      lanes_.push_back(std::move(made));
    }
    homeless_ = nullptr;
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
  return now - in_flight.stuck_since > longest_wait_for_a_record;
}

std::uint64_t lanes::look(std::uint64_t now) {
  std::uint64_t horizon = now;
  pending_bytes_ = 0;
  for (const auto& each : lanes_) {
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
  for (const auto& each : lanes_) {
    // relaxed: only a hint that there is work; look() reads it again with acquire.
    if (each->tail->published.load(std::memory_order_relaxed) != each->tail_seen) return true;
    if (each->head != each->tail || each->head->read != (each->tail_seen & ~chunk::flags)) return true;
  }
  return false;
}

bool lanes::hold_everything() const noexcept {
  std::size_t held = 0;
  for (const auto& each : lanes_)
    for (const chunk* c = each->head; c != nullptr; c = c->next) held += chunk_pool::bytes_of(*c);
  return held == pool_.allocated_bytes();
}

std::size_t lanes::abandon() noexcept {
  std::size_t in_flight = 0;
  for (const auto& each : lanes_) {
    // acq_rel: acquire as in look(); and exactly one of this and the exchange in publish_to_sleeper() sees the
    // other's mark.
    const std::uint32_t seen = each->tail->published.fetch_or(chunk::closed_bit, std::memory_order_acq_rel);
    if ((seen & chunk::writing_bit) != 0) ++in_flight;
    // Without `closed`: the chunk must not be released while its producer is in it.
    each->tail_seen = (seen & chunk::closed_bit) != 0 ? seen & ~chunk::writing_bit : seen & ~chunk::flags;
  }
  return in_flight;
}

const record_header* lanes::front(lane& of) {
  while (of.head != nullptr) {
    chunk& c = *of.head;
    // acquire: pairs with the release in publish(), and with the one that closes the chunk.
    const std::uint32_t seen = &c == of.tail ? of.tail_seen : c.published.load(std::memory_order_acquire);
    if (c.read < (seen & ~chunk::flags)) return reinterpret_cast<const record_header*>(c.records() + c.read);
    if (!c.is_complete(seen)) return nullptr;
    of.head = c.next;
    if (of.head == nullptr) of.tail = nullptr;
    pool_.release(&c);
  }
  return nullptr;
}

} // namespace weir::detail
