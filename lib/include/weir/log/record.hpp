// A record as renderers and sinks see it: decoded, with its time of day.
#pragma once

#include "weir/correlation.hpp"
#include "weir/log/call_site.hpp"
#include "weir/log/level.hpp"
#include "weir/log/text_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// A view of one record. Valid only during the call it is passed to; backend-thread-only.
class record {
 public:
  record(const detail::call_site& site, const std::byte* arguments, std::string_view logger_name,
         std::int64_t unix_nanoseconds, const correlation* ids, std::uint32_t cut_bytes) noexcept
      : site_(&site),
        arguments_(arguments),
        logger_name_(logger_name),
        unix_nanoseconds_(unix_nanoseconds),
        ids_(ids),
        cut_bytes_(cut_bytes) {}

  level severity() const noexcept { return site_->severity; }
  std::string_view logger_name() const noexcept { return logger_name_; }
  /// Since 1970-01-01T00:00:00Z; never falls from record to record, unless the system's clock is set
  /// back or a thread is stopped for more than a second while it logs.
  std::int64_t unix_nanoseconds() const noexcept { return unix_nanoseconds_; }
  /// The ids of the work that the record was logged under, or nullptr.
  const correlation* ids() const noexcept { return ids_; }
  bool has_fields() const noexcept { return site_->fields != 0; }
  source_position position() const { return site_->position(arguments_); }

  /// Appends the message as it was written, unescaped: it may hold line breaks and bytes that are not UTF-8.
  /// May throw what a copy_safe type's formatter throws.
  void append_raw_message(text_buffer& out) const;
  /// Appends the message escaped for one line of text, or for the inside of a JSON string. Always valid UTF-8.
  void append_message(text_buffer& out, field_style style) const;
  /// Appends the fields in the order of the statement, each with its separator in front.
  void append_fields(text_buffer& out, field_style style) const { site_->append_fields(out, arguments_, style); }

 private:
  const detail::call_site* site_;
  const std::byte* arguments_;
  std::string_view logger_name_;
  std::int64_t unix_nanoseconds_;
  const correlation* ids_;
  std::uint32_t cut_bytes_;
};

} // namespace weir
