#include "log/lanes.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weir::detail {

namespace {

constexpr auto longest_wait_for_a_record = std::chrono::milliseconds(100);

void pause_briefly() noexcept {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

} // namespace

void lanes::collect() {
  while (chunk* opened = pool_.next_opened()) {
    opened->next = nullptr;
    auto [found, is_new] = by_producer_.try_emplace(opened->producer, nullptr);
    if (is_new) {
      lanes_.push_back(std::make_unique<lane>(lane{.producer = opened->producer, .head = opened, .tail = opened}));
      found->second = lanes_.back().get();
    } else {
      lane& of = *found->second;
      of.tail->next = opened;
      of.tail = opened;
      of.tail_seen = 0;
    }
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

const record_header* lanes::front(lane& of) {
  while (of.head != nullptr) {
    chunk& c = *of.head;
    // acquire: pairs with the release in publish(), and with the one that closes the chunk.
    const std::uint32_t seen = &c == of.tail ? of.tail_seen : c.published.load(std::memory_order_acquire);
    if (c.read < (seen & ~chunk::flags)) return reinterpret_cast<const record_header*>(c.records() + c.read);
    if (!c.is_complete(seen)) return nullptr;
    if (keep_ && c.next == nullptr) return nullptr;
    of.head = c.next;
    if (of.head == nullptr) of.tail = nullptr;
    if (!keep_) pool_.release(&c);
  }
  return nullptr;
}

} // namespace weir::detail
