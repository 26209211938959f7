#include "write_collected.hpp"

#include "utf8.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_type.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {
namespace {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;

constexpr std::string_view total = "_total";

/// `bound_name`, if it is not empty, is a label more: `le` or `quantile`.
void begin_sample(page_writer& page, const MetricFamily& family, const ClientMetric& metric,
                  std::string_view suffix = {}, std::string_view bound_name = {}, std::string_view bound = {}) {
  page << family.name << suffix;
  char before = '{';
  for (const ClientMetric::Label& label : metric.label) {
    if (label.value.empty()) continue;
    page << before << label.name << "=\"";
    page.escaped(is_valid_utf8(label.value) ? label.value : to_valid_utf8(label.value));
    page << '"';
    before = ',';
  }
  if (!bound_name.empty()) {
    page << before << bound_name << "=\"" << bound << '"';
    before = ',';
  }
  if (before == ',') page << '}';
  page << ' ';
}

template <class Number>
void end_sample(page_writer& page, const ClientMetric& metric, Number value) {
  page.number(value);
  if (metric.timestamp_ms != 0) {
    page << ' ';
    if (page.format() == dialect::text) {
      page << std::to_string(metric.timestamp_ms);
    } else {
      page.number(static_cast<double>(metric.timestamp_ms) / 1000); // in seconds there
    }
  }
  page << '\n';
}

void write_totals(page_writer& page, const MetricFamily& family, const ClientMetric& metric, std::uint64_t count,
                  double sum) {
  begin_sample(page, family, metric, "_sum");
  end_sample(page, metric, sum);
  begin_sample(page, family, metric, "_count");
  end_sample(page, metric, count);
}

void write_histogram(page_writer& page, const MetricFamily& family, const ClientMetric& metric) {
  const auto& buckets = metric.histogram.bucket;
  for (const ClientMetric::Bucket& bucket : buckets) {
    begin_sample(page, family, metric, "_bucket", "le", canonical_bound(bucket.upper_bound));
    end_sample(page, metric, bucket.cumulative_count);
  }
  // Both formats demand it.
  if (buckets.empty() || !std::isinf(buckets.back().upper_bound)) {
    begin_sample(page, family, metric, "_bucket", "le", "+Inf");
    end_sample(page, metric, metric.histogram.sample_count);
  }
  const double lowest = buckets.empty() ? 0 : buckets.front().upper_bound;
  if (has_totals(page.format(), lowest, metric.histogram.sample_sum))
    write_totals(page, family, metric, metric.histogram.sample_count, metric.histogram.sample_sum);
}

void write_summary(page_writer& page, const MetricFamily& family, const ClientMetric& metric) {
  for (const ClientMetric::Quantile& each : metric.summary.quantile) {
    begin_sample(page, family, metric, {}, "quantile", canonical_bound(each.quantile));
    end_sample(page, metric, each.value);
  }
  write_totals(page, family, metric, metric.summary.sample_count, metric.summary.sample_sum);
}

void write_metric(page_writer& page, const MetricFamily& family, const ClientMetric& metric) {
  const auto write_value = [&](double value) {
    begin_sample(page, family, metric);
    end_sample(page, metric, value);
  };
  switch (family.type) {
  case MetricType::Counter:
    return write_value(metric.counter.value);
  case MetricType::Gauge:
    return write_value(metric.gauge.value);
  case MetricType::Untyped:
    return write_value(metric.untyped.value);
  case MetricType::Histogram:
    return write_histogram(page, family, metric);
  case MetricType::Summary:
    return write_summary(page, family, metric);
  }
}

/// What OpenMetrics calls a counter.
bool is_total(std::string_view name) noexcept { return name.ends_with(total) && name.size() > total.size(); }

std::string_view type_name(const MetricFamily& family, dialect format) noexcept {
  const std::string_view untyped = format == dialect::text ? "untyped" : "unknown";
  switch (family.type) {
  case MetricType::Counter:
    return format == dialect::text || is_total(family.name) ? "counter" : untyped;
  case MetricType::Gauge:
    return "gauge";
  case MetricType::Histogram:
    return "histogram";
  case MetricType::Summary:
    return "summary";
  case MetricType::Untyped:
    break;
  }
  return untyped;
}

bool is_name(std::string_view name, bool with_colons) noexcept {
  const auto is_letter = [with_colons](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (with_colons && c == ':');
  };
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

} // namespace

void write_collected(page_writer& page, const MetricFamily& family) {
  if (family.metric.empty()) return;
  std::string_view name = family.name;
  if (page.format() == dialect::openmetrics && family.type == MetricType::Counter && is_total(name))
    name.remove_suffix(total.size());
  page.metadata(name, type_name(family, page.format()), to_valid_utf8(family.help));
  for (const ClientMetric& metric : family.metric) write_metric(page, family, metric);
}

std::vector<std::string> exposed_names(const MetricFamily& family, dialect format) {
  const std::string& name = family.name;
  std::vector<std::string> all{name};
  std::string base = name;
  switch (family.type) {
  case MetricType::Counter:
    if (!is_total(name)) return all;
    base.resize(name.size() - total.size());
    all.push_back(base);
    break;
  case MetricType::Histogram:
    all.push_back(name + "_bucket");
    [[fallthrough]];
  case MetricType::Summary:
    all.insert(all.end(), {name + "_count", name + "_sum"});
    break;
  case MetricType::Gauge:
  case MetricType::Untyped:
    return all;
  }
  if (format == dialect::openmetrics) all.push_back(base + "_created");
  return all;
}

bool has_valid_names(const MetricFamily& family) noexcept {
  const std::string_view own = family.type == MetricType::Histogram ? "le"
                               : family.type == MetricType::Summary ? "quantile"
                                                                    : "";
  const auto is_valid = [&](const ClientMetric& metric) {
    for (auto label = metric.label.begin(); label != metric.label.end(); ++label)
      if (!is_name(label->name, false) || label->name.starts_with("__") || label->name == own ||
          std::any_of(metric.label.begin(), label, [&](const auto& other) { return other.name == label->name; }))
        return false;
    return true;
  };
  return is_name(family.name, true) && std::ranges::all_of(family.metric, is_valid);
}

} // namespace weir::detail
