// Weir's snapshots as prometheus-cpp's structures.
#include "weir/prometheus/collectable.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_type.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

namespace weir {
namespace {

::prometheus::MetricType to_type(metric_type type) {
  switch (type) {
  case metric_type::counter:
    return ::prometheus::MetricType::Counter;
  case metric_type::gauge:
    return ::prometheus::MetricType::Gauge;
  case metric_type::histogram:
    return ::prometheus::MetricType::Histogram;
  }
  return ::prometheus::MetricType::Untyped;
}

::prometheus::ClientMetric::Histogram to_histogram(const family_snapshot& family, const histogram_value& value) {
  ::prometheus::ClientMetric::Histogram result;
  result.sample_count = value.count();
  result.sample_sum = value.sum;
  result.bucket.reserve(value.cumulative.size());
  for (std::size_t i = 0; i < value.cumulative.size(); ++i) {
    const bool last = i == family.bounds.size();
    result.bucket.push_back({value.cumulative[i], last ? std::numeric_limits<double>::infinity() : family.bounds[i]});
  }
  return result;
}

::prometheus::ClientMetric to_metric(const family_snapshot& family, const series_snapshot& series) {
  ::prometheus::ClientMetric result;
  for (std::size_t i = 0; i < family.label_names.size(); ++i) {
    if (!series.label_values[i].empty()) result.label.push_back({family.label_names[i], series.label_values[i]});
  }
  switch (family.type) {
  case metric_type::counter:
    result.counter.value = series.value;
    break;
  case metric_type::gauge:
    result.gauge.value = series.value;
    break;
  case metric_type::histogram:
    result.histogram = to_histogram(family, series.histogram);
    break;
  }
  return result;
}

} // namespace

std::vector<::prometheus::MetricFamily> prometheus_collectable::Collect() const {
  std::vector<::prometheus::MetricFamily> result;
  for (family_snapshot& family : registry_.collect()) {
    if (family.series.empty()) continue;
    ::prometheus::MetricFamily& out = result.emplace_back();
    out.type = to_type(family.type);
    out.metric.reserve(family.series.size());
    for (const series_snapshot& series : family.series) out.metric.push_back(to_metric(family, series));
    out.name = std::move(family.name);
    out.help = std::move(family.help);
    // prometheus-cpp writes it as it is: behind a line feed there would be a line of the page.
    std::ranges::replace(out.help, '\n', ' ');
  }
  return result;
}

} // namespace weir
