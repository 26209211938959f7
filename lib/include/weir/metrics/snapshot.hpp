// What a scrape sees: plain values, copied out of the registry, for exporters to carry away.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// One observation and the trace that it belongs to: the way from a number on a dashboard to what happened.
struct exemplar {
  double value = 0;
  /// As in correlation. A trace id of zero: there is no exemplar.
  std::uint64_t trace_id_high = 0;
  std::uint64_t trace_id_low = 0;
  std::uint64_t span_id = 0;
  std::chrono::system_clock::time_point time{};

  bool exists() const noexcept { return (trace_id_high | trace_id_low) != 0; }
  friend bool operator==(const exemplar&, const exemplar&) = default;
};

/// The observations of one histogram.
struct histogram_value {
  /// How many observations were at or below each bound of the family, and after those how many there were at all
  /// (the bucket of +Inf): one entry more than the family has bounds, never decreasing.
  std::vector<std::uint64_t> cumulative{};
  /// The sum of all finite observations. Observations made during the scrape may be in here and not yet in
  /// `cumulative`, or the other way round.
  double sum = 0;
  /// Empty, or one for each entry of `cumulative`: a recent observation that fell into that bucket and no lower one.
  std::vector<exemplar> exemplars{};

  std::uint64_t count() const noexcept { return cumulative.empty() ? 0 : cumulative.back(); }
  friend bool operator==(const histogram_value&, const histogram_value&) = default;
};

/// One combination of label values.
struct series_snapshot {
  /// In the order of the family's label names; valid UTF-8. An empty value means that the label does not apply.
  std::vector<std::string> label_values{};
  /// Of a counter or a gauge.
  double value = 0;
  /// Of a histogram; otherwise empty.
  histogram_value histogram{};
};

/// All series of one metric name.
struct family_snapshot {
  std::string name;
  std::string help;
  metric_type type = metric_type::counter;
  std::vector<std::string> label_names;
  /// Upper bounds of the buckets without +Inf, growing; empty unless this is a histogram.
  std::vector<double> bounds;
  std::vector<series_snapshot> series;
};

} // namespace weir
