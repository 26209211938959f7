// The memory of a flight recording, as the log calls that write to it see it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace weir::detail {

struct stream_front;

/// Whether this thread's work is recorded. Out of line: it is asked below the level only.
[[gnu::cold]] bool is_recorded() noexcept;

/// The last records of one piece of work that were below their level, in a buffer of two halves that are written in
/// turn:
///
///     | older records …… end |·| newer records ……… at → |        when the newer half is full, the older one is
///                                                                forgotten and becomes the newer
///
/// Tapes are never freed and go from one recording to the next: a context that was left behind may point to one for
/// ever. Its recording's `round` is over by then, and what is logged under it is not kept.
/// Thread-safe: whatever threads the work goes on in, they write in turns.
struct alignas(64) flight_tape {
  struct half {
    std::byte* begin = nullptr;
    std::uint32_t bytes = 0; // of the one being written: see `at`
    std::uint32_t records = 0;
  };
  /// What there is to be emitted or forgotten.
  struct content {
    half older, newer;
    std::uint64_t overwritten = 0;

    /// The halves' one piece of memory, of which either may be the older; nullptr if there is none.
    std::byte* memory() const noexcept {
      return older.begin != nullptr && older.begin < newer.begin ? older.begin : newer.begin;
    }
  };

  /// Room for a record of `size` bytes, with the tape held; nullptr, and the tape not held, if the record is not to
  /// be kept. finish() is to follow.
  std::byte* begin(std::uint64_t of_round, const stream_front& of_stream, std::uint32_t size) noexcept;
  /// begin(), as far as that is a matter of a few instructions. nullptr also where it would be more, or comes to
  /// nothing: then begin() is to decide.
  std::byte* begin_at_once(std::uint64_t of_round, const stream_front& of_stream, std::uint32_t size) noexcept {
    if (!hold()) [[unlikely]]
      return nullptr;
    if (is_meant(of_round, of_stream) && has_room(size)) [[likely]]
      return at;
    let_go();
    return nullptr;
  }
  void finish(std::uint32_t size) noexcept {
    at += size;
    ++newer.records;
    let_go();
  }

  /// False if somebody else holds it.
  bool hold() noexcept {
    // acquire: pairs with the release in let_go(); what the last writer left is seen.
    return !held.exchange(true, std::memory_order_acquire);
  }
  /// For the recording itself, which cannot do without. Waits until whoever writes a record is done.
  void hold_as_owner() noexcept;
  void let_go() noexcept {
    // release: pairs with the acquire in hold(), by which also the one who emits comes.
    held.store(false, std::memory_order_release);
  }

  /// The tape's content and buffer, and an empty tape. While held.
  content take() noexcept {
    newer.bytes = newer.begin == nullptr ? 0 : static_cast<std::uint32_t>(at - newer.begin);
    at = end = nullptr;
    return {std::exchange(older, {}), std::exchange(newer, {}), std::exchange(overwritten, 0)};
  }

  std::atomic<bool> held{false};
  // While held:
  std::uint64_t round = 0;      // the recording that is written to it; 0: none
  std::uint64_t last_round = 0; // of any
  stream_front* stream = nullptr;
  std::byte* at = nullptr; // the next record's place in the newer half
  std::byte* end = nullptr;
  half newer, older;
  std::uint64_t overwritten = 0; // records

 private:
  bool is_meant(std::uint64_t of_round, const stream_front& of_stream) const noexcept {
    return round == of_round && round != 0 && stream == &of_stream;
  }
  bool has_room(std::uint32_t size) const noexcept { return size <= static_cast<std::size_t>(end - at); }
  /// False, and counted, if somebody else holds it for long: a thread that was stopped meanwhile.
  bool hold_in_time(const stream_front& of_stream) noexcept;
  bool make_room(std::uint32_t size) noexcept;
};

} // namespace weir::detail
