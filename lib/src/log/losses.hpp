// The accounts of what was lost: how many records, and from when to when.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::detail {

enum class drop_reason : std::uint8_t {
  queue_full,
  block_limit,
  displaced,
  too_many_threads,
  closed,
  unrenderable,
  sink
};
inline constexpr std::size_t drop_reasons = 7;

/// As in the metrics' label and in the log's own lines.
constexpr std::string_view name_of(drop_reason reason) noexcept {
  constexpr std::string_view names[drop_reasons] = {"queue_full", "block_limit",  "displaced", "too_many_threads",
                                                    "closed",     "unrenderable", "sink"};
  return names[static_cast<std::size_t>(reason)];
}

/// Some records, with the stamps of the first and the last of them.
struct loss {
  std::uint64_t records = 0;
  std::uint64_t first = UINT64_MAX, last = 0; // record_clock_now()

  void add(const loss& other) noexcept {
    records += other.records;
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
};

/// What was lost for one reason since the backend last looked: number and times belong together exactly, though
/// producers note losses without a lock, and hence without waiting for one of them that has lost its core.
///
/// Two pages. Producers write on the one that turn_ names; the backend turns to the other one, and reads the first
/// when all who were writing on it have left.
class loss_account {
 public:
  /// Thread-safe. Cost: two atomic additions, a third when the page is turned at that moment.
  void note(const loss& more) noexcept;

  /// Adds to `taken` what was noted since the last time; what is being noted just now is left for the next time.
  /// Backend-thread-only.
  void take(loss& taken) noexcept;

  /// Whether take() would have something to look at. Backend-thread-only.
  bool is_empty() const noexcept {
    // relaxed: a loss that is missed here is seen the next time.
    return !turned_ && pages_[turn_.load(std::memory_order_relaxed) % 2].entered.load(std::memory_order_relaxed) == 0;
  }

 private:
  struct page {
    std::atomic<std::uint64_t> entered{0}, left{0}; // records whose note was begun, and ended
    std::atomic<std::uint64_t> first{UINT64_MAX}, last{0};
  };

  page pages_[2];
  std::atomic<std::uint64_t> turn_{0}; // written by the backend
  bool turned_ = false;                // the other page is still to be read
};

} // namespace weir::detail
