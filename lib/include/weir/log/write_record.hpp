// From a log call's values to a record in the thread's chunk.
#pragma once

#include "weir/correlation.hpp"
#include "weir/log/call_site.hpp"
#include "weir/log/carried_fields.hpp"
#include "weir/log/clock.hpp"
#include "weir/log/encode.hpp"
#include "weir/log/field.hpp"
#include "weir/log/flight_tape.hpp"
#include "weir/log/producer.hpp"
#include "weir/log/text_cutter.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace weir::detail {

/// What a logger gives to its records.
struct record_source {
  stream_front* stream;
  logger_state* state;
  std::atomic<level> written_from;        // what is below comes here for the flight recorder only
  const stream_front* usual;              // `stream`, or null if there are fields: what a cursor is compared with
  const carried_fields* fields = nullptr; // a bound_logger's
};

/// What of a loggable argument goes into the record: of a field its value, for the key is the call site's.
template <class T>
constexpr const T& recorded_value(const T& value) noexcept {
  return value;
}
template <field_key Key, class Value>
constexpr const Value& recorded_value(const field_argument<Key, Value>& field) noexcept {
  return field.value;
}
template <class T>
using recorded_value_t = std::remove_cvref_t<decltype(recorded_value(std::declval<const T&>()))>;

/// How a value gets to record_writer: in registers, where it fits them.
template <class T>
using passed =
    std::conditional_t<std::is_trivially_copyable_v<T> && std::is_copy_constructible_v<T> && sizeof(T) <= 16, T,
                       const T&>;

/// Puts a record's values, references to which are kept somewhere, where they belong.
struct value_writer {
  const void* values;
  void (*write)(const void* values, std::byte* at);
};

constexpr std::size_t padded(std::size_t size) noexcept {
  return (size + record_alignment - 1) & ~std::size_t{record_alignment - 1};
}

/// The header but for its time, and what of `ids` is recorded. Returns where the rest goes.
[[gnu::always_inline]] inline std::byte* write_front(record_header& header, const call_site& site,
                                                     const logger_state* logger, std::size_t size,
                                                     std::uint32_t flags, const correlation* ids) noexcept {
  header.site = &site;
  header.logger = logger;
  header.size = static_cast<std::uint32_t>(size);
  header.flags = flags;
  auto* const at = reinterpret_cast<std::byte*>(&header + 1);
  if (ids == nullptr) return at;
  std::memcpy(at, ids, recorded_ids);
  return at + recorded_ids;
}

template <class... Values>
std::size_t bytes_of_values(const Values&... values) noexcept {
  return (std::size_t{0} + ... + codec<Values>::size(values));
}

template <class... Values>
[[gnu::always_inline]] inline void write_values([[maybe_unused]] std::byte* at, const Values&... values) noexcept {
  ((at = codec<Values>::write(at, values)), ...);
}

/// Writes any record, also one that carries fields, needs another chunk or is below its logger's level. `bytes`: of
/// its values; `cut`: what is missing from them.
void write_any_record(const record_source& source, const call_site& site, level severity, std::size_t bytes,
                      std::size_t cut, value_writer values) noexcept;

/// Writes one record of these values. Not functions by themselves: their parameters would be spelled out in symbols
/// of some thousand characters.
template <class... Values>
struct record_writer {
  /// One function for all statements with values of these types: a statement has no more in it than the call. That
  /// makes programs small and quick to compile, and a call no slower: whatever is rare is left by a tail call, so
  /// that what is usual has registers enough.
  [[gnu::noinline]] static void write(const record_source& source, const call_site& site, level severity,
                                      passed<Values>... values) noexcept {
    if (current_correlation != nullptr) return write_correlated(source, site, severity, values...);
    // Nothing would keep it. relaxed: a threshold orders nothing.
    if (severity < source.written_from.load(std::memory_order_relaxed)) [[unlikely]]
      return;
    write_usual<false>(source, site, severity, values...);
  }

 private:
  // Costs a jump. In one with write() both would have to save registers.
  [[gnu::noinline]] static void write_correlated(const record_source& source, const call_site& site, level severity,
                                                 passed<Values>... values) noexcept {
    // relaxed: a threshold orders nothing.
    if (severity < source.written_from.load(std::memory_order_relaxed)) [[unlikely]]
      return keep(source, site, severity, values...);
    write_usual<true>(source, site, severity, values...);
  }

  template <bool Correlated>
  [[gnu::always_inline]] static void write_usual(const record_source& source, const call_site& site, level severity,
                                                 passed<Values>... values) noexcept {
    const std::size_t bytes = sizeof(record_header) + bytes_of_values<Values...>(values...);
    const std::size_t size = padded(bytes + (Correlated ? recorded_ids : 0));
    cursor& mine = this_thread_cursor;
    std::byte* const place = mine.at;
    const correlation* const ids = Correlated ? current_correlation : nullptr;
    const bool is_long = (has_text<Values> || ...) && bytes > source.stream->record_limit;
    if (is_long || (Correlated && ids->fields != nullptr) || !has_room(mine, source.usual, size) ||
        severity >= mine.stream->flush_at || !clock_is_tsc()) [[unlikely]]
      return write_rare(source, site, severity, values...);
    // Before the record is announced: rdtsc waits until it is known where the stores before it go.
    const std::uint64_t ticks = tsc_now();
    begin_record(mine);
    if (!is_fresh(*mine.stream, ticks)) [[unlikely]]
      return write_rare(source, site, severity, values...);
    // Member by member: put together elsewhere and copied, its narrow stores would stall the copy's wide loads.
    auto* const header = new (place) record_header;
    header->ticks = ticks;
    std::byte* const at =
        write_front(*header, site, source.state, size, record_header::pack(severity, Correlated, false, false), ids);
    write_values<Values...>(at, values...);
    finish_record(mine, place + size);
  }

  /// write() for the flight recorder.
  [[gnu::noinline]] static void keep(const record_source& source, const call_site& site, level severity,
                                     passed<Values>... values) noexcept {
    const correlation* const ids = current_correlation;
    if (ids->tape == nullptr) return;
    const std::size_t bytes = sizeof(record_header) + bytes_of_values<Values...>(values...);
    const bool carries = source.fields != nullptr || ids->fields != nullptr;
    const bool is_long = (has_text<Values> || ...) && bytes > source.stream->record_limit;
    if (carries || is_long || !clock_is_tsc()) [[unlikely]]
      return write_rare(source, site, severity, values...);
    const auto size = static_cast<std::uint32_t>(padded(bytes + recorded_ids));
    flight_tape& tape = *ids->tape;
    std::byte* const place = tape.begin_at_once(ids->recording_round, *source.stream, size);
    if (place == nullptr) [[unlikely]]
      return write_rare(source, site, severity, values...);
    auto* const header = new (place) record_header;
    header->ticks = tsc_now();
    std::byte* const at =
        write_front(*header, site, source.state, size, record_header::pack(severity, true, false, false), ids);
    write_values<Values...>(at, values...);
    tape.finish(size);
  }

  /// What carries fields, needs another chunk, is too long, wakes the backend, or is stamped by another clock; what
  /// the tape has no place for at once; or again, begun as it is, what the backend has got ahead of.
  [[gnu::noinline]] static void write_rare(const record_source& source, const call_site& site, level severity,
                                           passed<Values>... values) noexcept {
    text_cutter cut;
    if constexpr ((has_text<Values> || ...)) {
      const std::size_t bytes = sizeof(record_header) + bytes_of_values<Values...>(values...);
      const std::size_t limit = source.stream->record_limit;
      if (bytes > limit) {
        std::size_t sizes[] = {text_size(values)...};
        cut = text_cutter::fitting(sizes, bytes, limit);
      }
    }
    const std::size_t bytes = bytes_of_values(cut(values)...);
    const std::size_t missing = cut.cut_bytes();
    const auto write_them = [&](std::byte* at) { write_values(at, cut(values)...); };
    write_any_record(source, site, severity, bytes, missing, {&write_them, [](const void* them, std::byte* at) {
                                                                (*static_cast<const decltype(write_them)*>(them))(at);
                                                              }});
  }
};

} // namespace weir::detail
