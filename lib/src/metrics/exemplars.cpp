// How an exemplar gets from the thread that observes to the one that scrapes.
#include "weir/metrics/exemplars.hpp"

#include <chrono>
#include <cmath>

namespace weir::detail {

exemplar_slots::exemplar_slots(std::size_t buckets) : slots_(buckets), latest_(buckets) {}

void exemplar_slots::write_down(slot& into, double value, const correlation& ids) noexcept {
  // The formats have no way to write it that all readers take.
  if (!std::isfinite(value)) return;
  state expected = state::wanted;
  // acquire: pairs with the release in collect(), which has read the one before. relaxed on failure: another thread
  // is first, and this one has nothing to do with what it writes.
  if (!into.now.compare_exchange_strong(expected, state::being_written, std::memory_order_acquire,
                                        std::memory_order_relaxed))
    return;
  into.written = {.value = value,
                  .trace_id_high = ids.trace_id_high,
                  .trace_id_low = ids.trace_id_low,
                  .span_id = ids.span_id,
                  .time = std::chrono::system_clock::now()};
  // release: pairs with the acquire in collect(); publishes the exemplar.
  into.now.store(state::kept, std::memory_order_release);
}

std::vector<exemplar> exemplar_slots::collect() {
  const std::lock_guard lock(mutex_);
  for (std::size_t bucket = 0; bucket < slots_.size(); ++bucket) {
    slot& from = slots_[bucket];
    // acquire: pairs with the release in write_down(); the exemplar is complete.
    if (from.now.load(std::memory_order_acquire) != state::kept) continue;
    latest_[bucket] = from.written;
    // release: pairs with the acquire in write_down(); it has been read.
    from.now.store(state::wanted, std::memory_order_release);
  }
  return latest_;
}

} // namespace weir::detail
