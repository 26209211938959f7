// A record as renderers and sinks see it: with its time of day, its message and fields ready to be written.
#pragma once

#include "weir/correlation.hpp"
#include "weir/log/call_site.hpp"
#include "weir/log/level.hpp"
#include "weir/log/text_buffer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// How a message and its fields are written: for one line of text, or inside a JSON object.
enum class field_style : std::uint8_t { text, json };

namespace detail {
class line_writer;
struct carried_spans;
class record_copies;
/// Where each argument of a record stands.
using argument_positions = std::array<const std::byte*, most_arguments>;
} // namespace detail

/// A view of one record. Valid only during the call it is passed to; backend-thread-only.
class record {
 public:
  /// `arguments`: as the log call wrote them. `carried`: as write_carried() wrote it, or nullptr. `thread_id`: 0 if
  /// there is none to tell. Throws std::bad_alloc when the first record of a call site is met and there is no memory
  /// for its plan.
  record(const detail::call_site& site, level severity, const std::byte* arguments, std::string_view logger_name,
         std::int64_t unix_nanoseconds, const correlation* ids, const std::byte* carried, std::uint64_t cut_bytes,
         std::uint32_t thread_id = 0, bool recorded = false);

  level severity() const noexcept { return severity_; }
  std::string_view logger_name() const noexcept { return logger_name_; }
  /// Since 1970-01-01T00:00:00Z; never falls from record to record, unless the system's clock is set
  /// back, a thread is stopped for more than a second while it logs, or the record was kept by the flight recorder.
  std::int64_t unix_nanoseconds() const noexcept { return unix_nanoseconds_; }
  /// The ids of the work that the record was logged under, or nullptr.
  const correlation* ids() const noexcept { return ids_; }
  bool has_fields() const noexcept;
  /// Kept by the flight recorder and emitted later; shown as a last field, `recorded=true`.
  bool recorded() const noexcept { return recorded_; }
  /// The system's number for the thread that logged, as gettid(2) gives it.
  std::uint32_t thread_id() const noexcept { return thread_id_; }
  source_position position() const noexcept;

  /// Appends the message as it was written, unescaped: it may hold line breaks and bytes that are not UTF-8.
  /// An argument whose formatter throws is written as "[unformattable]", here as in the others. Throw std::bad_alloc.
  void append_raw_message(text_buffer& out) const;
  /// Appends the message escaped for one line of text, or for the inside of a JSON string. Always valid UTF-8.
  void append_message(text_buffer& out, field_style style) const;
  /// Appends the fields, the statement's own, then its logger's, then its context's, each with its separator in
  /// front: ` key=value` or
  /// `,"key":value`. Strings are escaped; in text they are quoted where a reader could not tell where they end.
  void append_fields(text_buffer& out, field_style style) const;
  /// Appends the value of the field with this key, the statement's, else its logger's, else its context's, unescaped
  /// and without quotes; a structure as JSON. Returns whether there is one.
  bool append_raw_field(std::string_view key, text_buffer& out) const;

  /// For the library's own renderers: message and fields, each in one go.
  void write_message(detail::line_writer& out, field_style style) const;
  void write_fields(detail::line_writer& out, field_style style) const;

 private:
  friend class detail::record_copies;

  detail::carried_spans carried() const noexcept;

  const detail::call_site* site_;
  const std::byte* arguments_;
  const detail::message_plan* plan_;
  level severity_;
  std::string_view logger_name_;
  std::int64_t unix_nanoseconds_;
  const correlation* ids_;
  std::uint64_t cut_bytes_;
  std::uint32_t thread_id_;
  bool recorded_;
  const std::byte* carried_;
  detail::argument_positions at_; // as many as the plan has arguments
};

} // namespace weir
