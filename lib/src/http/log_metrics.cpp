#include "weir/http/log_metrics.hpp"

#include "weir/metrics/names.hpp"

namespace weir {

std::function<void(const batch_report&)> batch_metrics(metrics_registry& registry) {
  histogram& records = registry.add(metric_names::log_batch).with();
  histogram& write_time = registry.add(metric_names::log_write).with();
  return [&records, &write_time](const batch_report& batch) {
    records.observe(static_cast<double>(batch.records));
    write_time.observe(batch.write_time);
  };
}

namespace {

series_snapshot series(std::string_view label, std::uint64_t value) {
  series_snapshot one;
  if (!label.empty()) one.label_values.emplace_back(label);
  one.value = static_cast<double>(value);
  return one;
}

} // namespace

std::vector<callback_registration> register_log_metrics(metrics_registry& registry, const log_stream& stream) {
  std::vector<callback_registration> all;
  all.push_back(registry.add_callback(metric_names::log_records, [&stream] {
    const log_stats stats = stream.stats();
    return std::vector{series("accepted", stats.accepted), series("written", stats.written),
                       series("dropped", stats.dropped())};
  }));
  all.push_back(registry.add_callback(metric_names::log_dropped, [&stream] {
    const log_stats stats = stream.stats();
    return std::vector{series("queue_full", stats.dropped_queue_full),
                       series("too_many_threads", stats.dropped_too_many_threads),
                       series("closed", stats.dropped_closed), series("unrenderable", stats.dropped_unrenderable),
                       series("sink", stats.dropped_sink)};
  }));
  all.push_back(registry.add_callback(metric_names::log_queue,
                                      [&stream] { return std::vector{series("", stream.stats().queue_bytes)}; }));
  return all;
}

} // namespace weir
