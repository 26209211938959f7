// A page in one of the two text formats, from the names of families down to the digits of a number.
#pragma once

#include "weir/metrics/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::detail {

enum class dialect : std::uint8_t { text, openmetrics };

class page_writer {
 public:
  explicit page_writer(dialect format) noexcept : format_(format) {}

  dialect format() const noexcept { return format_; }
  std::size_t size() const noexcept { return text_.size(); }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  /// What has been written from there on, which is taken away again.
  std::string cut(std::size_t from);
  /// The page, complete.
  std::string finish();

  /// HELP and TYPE and, where there is one, UNIT, in the order that each format recommends. `type`: as the format
  /// spells it. `name`: in OpenMetrics that of a counter has no `_total`.
  void metadata(std::string_view name, std::string_view type, std::string_view help);

  page_writer& operator<<(std::string_view text) {
    text_ += text;
    return *this;
  }
  page_writer& operator<<(char c) {
    text_ += c;
    return *this;
  }
  /// With the escapes of a label's value.
  void escaped(std::string_view value) { add_escaped(value, true); }
  void number(std::uint64_t value);
  void number(double value);
  /// ` # {trace_id=…} value time`, the end of a line in OpenMetrics. Source: OpenMetrics 1.0.0, "Exemplars".
  void add(const exemplar& of);

 private:
  void add_help(std::string_view name, std::string_view help, bool escape_quotes);
  void add_escaped(std::string_view text, bool quotes);

  const dialect format_;
  std::string text_;
};

/// What a bucket's bound looks like in its `le`: as OpenMetrics wants numbers to be there, in both formats.
/// Source: OpenMetrics 1.0.0, "Considerations: Canonical Numbers".
std::string canonical_bound(double bound);

/// Whether a histogram has its `_sum` and `_count` on the page. In OpenMetrics one that is made for negative values
/// has not: its sum may fall, which a counter must not. `lowest`: its first bound.
/// Source: OpenMetrics 1.0.0, "Histogram".
constexpr bool has_totals(dialect format, double lowest, double sum) noexcept {
  return format == dialect::text || (lowest >= 0 && sum >= 0);
}

/// Adds a family that has a series to the page; one without leaves no trace.
void write_family(page_writer& page, const family_snapshot& family);

/// About as much as write_family() adds: no less unless much has to be escaped.
std::size_t estimated_size(const family_snapshot& family, dialect format) noexcept;

} // namespace weir::detail
