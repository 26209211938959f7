// The block of memory that one producer thread fills with records and the backend drains.
#pragma once

#include "weir/correlation.hpp"
#include "weir/log/call_site.hpp"
#include "weir/log/level.hpp"
#include "weir/log/logger_state.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weir::detail {

/// The distance at which two variables do not share a cache line on the machines we build for (x86-64 fetches lines
/// in pairs of 64 bytes, but one line is what the protocol passes around).
inline constexpr std::size_t cache_line = 64;

/// In front of every record: `size` bytes, of which these are the first. Then, if the flags say so, a
/// weir::correlation's numbers; fields that are carried (see carried_fields.hpp); the arguments; padding; if text was
/// cut, the number of bytes left out, as the last 8 bytes.
struct record_header {
  const call_site* site;
  const logger_state* logger;
  std::uint64_t ticks; // record_clock_now()
  std::uint32_t size;  // bytes, a multiple of record_alignment
  std::uint32_t flags;

  static constexpr std::uint32_t correlated_flag = 1, cut_flag = 2, carrying_flag = 4, recorded_flag = 8,
                                 severity_shift = 8;
  static constexpr std::uint32_t pack(level severity, bool correlated, bool carrying, bool cut) noexcept {
    return static_cast<std::uint32_t>(severity) << severity_shift | (correlated ? correlated_flag : 0U) |
           (carrying ? carrying_flag : 0U) | (cut ? cut_flag : 0U);
  }
  level severity() const noexcept { return static_cast<level>(flags >> severity_shift); }
  bool correlated() const noexcept { return (flags & correlated_flag) != 0; }
  bool carrying() const noexcept { return (flags & carrying_flag) != 0; }
  /// Kept by the flight recorder, and emitted later.
  bool recorded() const noexcept { return (flags & recorded_flag) != 0; }
  /// Bytes of text that were left out.
  std::uint64_t cut() const noexcept {
    std::uint64_t bytes = 0;
    if ((flags & cut_flag) != 0)
      std::memcpy(&bytes, reinterpret_cast<const std::byte*>(this) + size - sizeof bytes, sizeof bytes);
    return bytes;
  }
};
inline constexpr std::uint32_t record_alignment = 8;

/// What a record takes of a correlation.
inline constexpr std::size_t recorded_ids = offsetof(correlation, fields);

/// A chunk is written by one thread and read by the backend at the same time.
///
///   published:  | bytes published (multiple of 8) ...... | closed | writing |
///                                                          bit 1    bit 0
///
/// `writing` is set before a record's time is final and cleared by the store that publishes the record: with it, and
/// a process-wide barrier, the backend knows a time before which nothing more can come (see backend.cpp). A chunk is
/// closed when the bit says so or when it is full; after that its producer does not touch it again: it may be freed.
/// (When the stream ends, the backend sets `closed` on a chunk in which a producer has stopped amid a record; see
/// lanes::abandon().)
struct alignas(cache_line) chunk {
  static constexpr std::uint32_t writing_bit = 1, closed_bit = 2, flags = writing_bit | closed_bit;

  // Written by the producer.
  std::atomic<std::uint32_t> published{0};
  /// Statements that limits have held back while this was the open chunk of their thread; of all its producers so
  /// far.
  std::atomic<std::uint64_t> suppressed{0};

  // Written by the producer when it opens the chunk, before the chunk is handed over.
  alignas(cache_line) std::uint32_t capacity; // bytes of records
  std::uint32_t thread_id;                    // the producer's
  std::uint64_t producer;                     // unique per thread and stream

  // Written under the lock of lanes; `read` by the backend alone, in a chunk that it has claimed.
  std::uint32_t read = 0; // bytes drained
  bool kept = false;      // found to hold records that may not be displaced
  chunk* next = nullptr;  // the same producer's next chunk

  std::byte* records() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  bool is_complete(std::uint32_t seen) const noexcept {
    return (seen & closed_bit) != 0 || (seen & ~flags) == capacity;
  }
};

} // namespace weir::detail
