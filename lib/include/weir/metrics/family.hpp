// A family: all series of one metric name, one for each combination of label values.
#pragma once

#include "weir/metrics/counter.hpp"
#include "weir/metrics/gauge.hpp"
#include "weir/metrics/histogram.hpp"
#include "weir/metrics/series_index.hpp"
#include "weir/metrics/snapshot.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// How a family guards against labels that its author thought bounded and its callers choose.
struct family_options {
  /// How many series the family holds. Every further combination of label values is counted in one more series, each
  /// of whose values is `_overflow`; with an `open_label` (description.hpp) first in at most as many more, of whose
  /// values only that one is. Default 1000, from 1. More costs memory here (a counter some cache lines for
  /// each core) and in whatever stores the scrapes; fewer merges what one would like to tell apart.
  std::size_t max_series = 1000;
  /// A series that has stood still for this long is left out of the pages, until it moves again: then it is back,
  /// with all that it has counted. 0 (default): never; to 365 days. A counter or a histogram stands still while
  /// nothing is added, a gauge only while it is 0. Looked at when a page is made, so at least two of them are needed.
  /// Prometheus takes one that comes back for a new one: what it counted before that page is in no rate.
  /// Series keep their address, their memory, and their place under max_series.
  std::chrono::milliseconds idle_after{0};
};

/// The longest value of a label; a longer one is cut where a character ends and marked with an ellipsis. Values that
/// do not differ before are one series then.
inline constexpr std::size_t max_label_value_bytes = 1024;

/// The value of every label of the series that takes what does not fit.
inline constexpr std::string_view overflow_label_value = "_overflow";

namespace detail {

/// What a family has whatever it counts. Registry and exporters see families through this.
class family_base {
 public:
  family_base(const family_base&) = delete;
  family_base& operator=(const family_base&) = delete;
  virtual ~family_base() = default;

  const std::string& name() const noexcept { return description_.name; }
  metric_type type() const noexcept { return description_.type; }
  /// Name, help, type, labels and bounds; without series.
  const family_snapshot& description() const noexcept { return description_; }

  /// All series and their values. Thread-safe. An exporter's business: metrics_registry::collect() calls it.
  virtual family_snapshot collect() const = 0;

 protected:
  explicit family_base(family_snapshot description) : description_(std::move(description)) {}

 private:
  const family_snapshot description_;
};

} // namespace detail

/// The series of one metric name; `Metric` is counter, gauge or histogram. Made by metrics_registry::add().
template <class Metric>
class metric_family final : public detail::family_base {
 public:
  /// For the registry: a validated description, and where to count, by metric, what did not fit (may be null).
  /// `open_label`: the place of the label that gives way first, or no label's.
  metric_family(family_snapshot description, family_options options, metric_family<counter>* overflows,
                std::size_t open_label);
  ~metric_family() override;

  /// The series of these label values, made at the first call. Values that are not valid UTF-8 get U+FFFD for each
  /// bad sequence; those that are too long are cut (max_label_value_bytes). Beyond the family's cap: an overflow
  /// series, and every such call counts in `weir_metrics_overflow_total`.
  /// `values`: one for each label, in the order of their names; an empty one means that the label does not apply.
  /// Result: valid, at the same address, as long as the registry. Look it up once and hold it where that is possible.
  /// Errors: std::invalid_argument for another number of values; std::bad_alloc.
  /// Thread-safe. Cost: finding one takes no lock and allocates nothing; about 18 ns for six labels. One that has to
  /// be repaired or cut is looked for under the lock.
  Metric& with(std::span<const std::string_view> values);
  Metric& with(std::initializer_list<std::string_view> values) {
    return with(std::span<const std::string_view>(values.begin(), values.size()));
  }
  /// The only series of a family without labels.
  Metric& with() { return with(std::span<const std::string_view>()); }

  family_snapshot collect() const override;
  /// The same with those that are idle (family_options::idle_after): for who adds them up.
  family_snapshot collect_all() const { return read(false); }

 private:
  struct series;

  series* find(std::span<const std::string_view> values) const noexcept;
  series* find_with_room(std::span<const std::string_view> values) const noexcept;
  series& find_or_make(std::span<const std::string_view> values);
  series& make_series(std::vector<std::string> values);
  family_snapshot read(bool expire) const;
  bool has_been_idle(series& each, const series_snapshot& now, std::chrono::steady_clock::time_point when) const;

  const family_options options_;
  metric_family<counter>* const overflows_;
  const std::size_t open_label_;
  detail::series_index index_;
  // Each set once: the former when the family is full, the latter when there is no room for overflow series either.
  // From then on a call with new values needs no lock.
  std::atomic<bool> full_{false};
  std::atomic<series*> overflow_{nullptr};
  // Guards series_ and who may write the three above; held to make a series, never while observing.
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<series>> series_;
};

extern template class metric_family<counter>;
extern template class metric_family<gauge>;
extern template class metric_family<histogram>;

} // namespace weir
