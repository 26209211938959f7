// The block of memory that one producer thread fills with records and the backend drains.
#pragma once

#include "weir/log/call_site.hpp"
#include "weir/log/logger_state.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// The distance at which two variables do not share a cache line on the machines we build for (x86-64 fetches lines
/// in pairs of 64 bytes, but one line is what the protocol passes around).
inline constexpr std::size_t cache_line = 64;

/// In front of every record. `size` counts header, ids and arguments, rounded up to record_alignment.
struct record_header {
  const call_site* site;
  const logger_state* logger;
  std::uint64_t ticks;  // record_clock_now()
  std::uint32_t size;   // bytes
  std::uint32_t extras; // bit 0: a weir::correlation follows; above: bytes of text that were left out

  static constexpr std::size_t most_cut = 0x7fff'ffff;
  static constexpr std::uint32_t pack(bool correlated, std::size_t cut) noexcept {
    return static_cast<std::uint32_t>(cut < most_cut ? cut : most_cut) << 1 | std::uint32_t{correlated};
  }
  bool correlated() const noexcept { return (extras & 1U) != 0; }
  std::uint32_t cut() const noexcept { return extras >> 1; }
};
inline constexpr std::uint32_t record_alignment = 8;

/// A chunk is written by one thread and read by the backend at the same time.
///
///   published:  | bytes published (multiple of 8) ...... | closed | writing |
///                                                          bit 1    bit 0
///
/// `writing` is set before a record's clock is read and cleared by the store that publishes the record: with it, and
/// a process-wide barrier, the backend knows a time before which nothing more can come (see backend.cpp). A chunk is
/// closed when the bit says so or when it is full; after that its producer does not touch it again: it may be freed.
/// (When the stream ends, the backend sets `closed` on a chunk in which a producer has stopped amid a record; see
/// lanes::abandon().)
struct alignas(cache_line) chunk {
  static constexpr std::uint32_t writing_bit = 1, closed_bit = 2, flags = writing_bit | closed_bit;

  // Written by the producer.
  std::atomic<std::uint32_t> published{0};

  // Written by the producer when it opens the chunk, before the chunk is handed over.
  alignas(cache_line) std::uint32_t capacity; // bytes of records
  std::uint64_t producer;                     // unique per thread and stream

  // Written by the backend only.
  std::uint32_t read = 0; // bytes drained
  chunk* next = nullptr;  // the same producer's next chunk

  std::byte* records() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  bool is_complete(std::uint32_t seen) const noexcept {
    return (seen & closed_bit) != 0 || (seen & ~flags) == capacity;
  }
};

} // namespace weir::detail
