// A thread's way into a stream: where its next record goes.
#pragma once

#include "weir/log/chunk.hpp"
#include "weir/log/level.hpp"
#include "weir/log/limited_statement.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir::detail {

class stream_core;

/// The parts of a stream's core that a call site touches, read by every producer and written seldom.
struct alignas(cache_line) stream_front : std::enable_shared_from_this<stream_front> {
  /// Not 0 while the backend sleeps without a time limit, or the stream is closing: whoever has a record then goes by
  /// publish_to_sleeper().
  std::atomic<std::uint32_t> asleep{0};
  /// Records above this size have their strings cut.
  std::uint32_t record_limit = 0;
  /// Who has logged a record at this level or above calls wake_backend().
  level flush_at = level::off;
  /// A reading of the clock that was taken before its record was announced counts only if it is above this: up to
  /// here the backend may have written. The highest value while `asleep` has to be looked at, and where nothing but
  /// an announcement before the reading will do.
  std::atomic<std::uint64_t> stale_until{UINT64_MAX};
};

/// This thread's open chunk. Trivial, so that reading it costs no guard; the thread's end is watched by producer.cpp.
struct cursor {
  stream_front* stream = nullptr;
  std::byte* at = nullptr;  // the next record's place
  std::byte* end = nullptr; // the chunk's end
  chunk* open = nullptr;
};
inline constinit thread_local cursor this_thread_cursor;

/// Makes room for `size` bytes in a new chunk of `stream`, or of a chunk of its own if they are too many for one.
/// Applies the logger's overflow policy; returns nullptr when the record is dropped, which is then counted. May block
/// if the policy says so; allocates only until the memory limit is reached or the first time that a thread logs.
cursor* open_chunk(stream_front& stream, const logger_state& logger, std::size_t size) noexcept;

/// publish() where the backend sleeps, which wakes it (cost: a system call), or has been told to end, which drops and
/// counts the record.
void publish_to_sleeper(stream_front& stream, std::uint32_t size, level severity) noexcept;

/// Ends the backend's rest. Cost: a system call, unless another caller's is still unanswered.
void wake_backend(stream_front& stream) noexcept;

/// Counts a record that could not even be rendered: memory ran out at its call site.
void count_unrenderable(stream_front& stream) noexcept;

/// count_suppressed() where the thread has no chunk of the stream's to count in. Cost: an atomic addition.
void count_suppressed_elsewhere(stream_front& stream) noexcept;

/// Has the stream tell what the statement's limit holds back and no record does. Cost: a system call where the
/// backend sleeps.
void watch(stream_front& stream, limited_statement& statement) noexcept;

/// Counts a statement that its limit has held back. Cost: an addition in the thread's own chunk.
inline void count_suppressed(stream_front& stream, limited_statement& statement) noexcept {
  // relaxed: a hint; who reads an old value is followed by others.
  if (!statement.watched.load(std::memory_order_relaxed)) [[unlikely]]
    watch(stream, statement);
  const cursor& mine = this_thread_cursor;
  // A full chunk may be somebody else's by now.
  if (mine.stream != &stream || mine.at == mine.end) [[unlikely]]
    return count_suppressed_elsewhere(stream);
  // relaxed, both: a statistic, which only the chunk's owner writes.
  auto& count = mine.open->suppressed;
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// Whether `mine` is open, a chunk of `stream`'s, and has room for `size` bytes, which are not none.
inline bool has_room(const cursor& mine, const stream_front* stream, std::size_t size) noexcept {
  return mine.stream == stream && size <= static_cast<std::size_t>(mine.end - mine.at);
}

inline std::uint32_t position(const cursor& mine) noexcept {
  return static_cast<std::uint32_t>(mine.at - reinterpret_cast<const std::byte*>(mine.open)) -
         static_cast<std::uint32_t>(sizeof(chunk));
}

/// Announces that a record is being written at the cursor. From here to its end there is nothing that can block.
inline void begin_record(cursor& mine) noexcept {
  // relaxed: what is concluded from this store, the clock or stale_until, is read after it in program order; the
  // backend makes it visible with a process-wide barrier before it concludes from its absence.
  mine.open->published.store(position(mine) | chunk::writing_bit, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst); // the compiler must not read any of that first
}

/// Whether a record has been begun and not ended.
inline bool has_begun(const cursor& mine) noexcept {
  // relaxed: written by this thread; a full chunk, which may be somebody else's, is not looked at.
  return mine.at != mine.end && (mine.open->published.load(std::memory_order_relaxed) & chunk::writing_bit) != 0;
}

/// After begin_record(): whether the record may have the time `ticks`, which was read before that, and be ended by
/// finish_record(). If not, the clock is to be read again, and the record to be ended by publish().
inline bool is_fresh(const stream_front& stream, std::uint64_t ticks) noexcept {
  // relaxed: the backend stores the time up to which it will write, or that it sleeps or ends, runs a process-wide
  // barrier, and then looks who is writing. begin_record() stored `writing` before this load, so either the backend
  // sees that a record is coming, or this thread sees the time.
  return ticks > stream.stale_until.load(std::memory_order_relaxed);
}

/// Makes the record, whose bytes end at `end`, readable. From here on a full chunk is the backend's.
inline void finish_record(cursor& mine, std::byte* end) noexcept {
  mine.at = end;
  // release: pairs with the acquire in lanes::look(); publishes the record's bytes.
  mine.open->published.store(position(mine), std::memory_order_release);
}

/// Hands the record's `size` bytes to the backend.
inline void publish(stream_front& stream, cursor& mine, std::uint32_t size, level severity) noexcept {
  // relaxed: the backend sets this flag, runs a process-wide barrier, and looks at all chunks once more before it
  // sleeps or ends. begin_record() stored `writing` before this load, so either the backend sees that a record is
  // coming, or this thread sees the flag. After the store below it would be too late to look: the chunk, if full, is
  // no longer this thread's.
  if (stream.asleep.load(std::memory_order_relaxed) != 0) [[unlikely]]
    return publish_to_sleeper(stream, size, severity);
  finish_record(mine, mine.at + size);
  if (severity >= stream.flush_at) [[unlikely]]
    wake_backend(stream);
}

} // namespace weir::detail
