#include "weir/log_metrics.hpp"

#include "weir/metrics/names.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace weir {

namespace {

constexpr double in_base_unit(std::uint64_t number) noexcept { return static_cast<double>(number); }
constexpr double in_base_unit(std::chrono::nanoseconds time) noexcept {
  return std::chrono::duration<double>(time).count();
}

constexpr auto base_unit = [](auto bound) { return in_base_unit(bound); };
static_assert(std::ranges::equal(detail::io_bounds, metric_names::write_seconds, {}, base_unit));
static_assert(std::ranges::equal(detail::batch_bounds, metric_names::batch_records, {}, base_unit));

series_snapshot series(std::string_view label, double value) {
  series_snapshot one;
  if (!label.empty()) one.label_values.emplace_back(label);
  one.value = value;
  return one;
}

template <class Description, class Value>
callback_registration show(metrics_registry& registry, const Description& description, const log_stream& stream,
                           Value log_stats::*member) {
  return registry.add_callback(
      description, [&stream, member] { return std::vector{series("", in_base_unit(stream.stats().*member))}; });
}

template <const auto& Bounds>
callback_registration show(metrics_registry& registry, const histogram_description& description,
                           const log_stream& stream, log_distribution<Bounds> log_stats::*member) {
  return registry.add_callback(description, [&stream, member] {
    const log_distribution<Bounds> all = stream.stats().*member;
    series_snapshot one;
    std::uint64_t sum = 0;
    for (const std::uint64_t count : all.counts) one.histogram.cumulative.push_back(sum += count);
    one.histogram.sum = in_base_unit(all.sum);
    return std::vector{std::move(one)};
  });
}

} // namespace

std::vector<callback_registration> register_log_metrics(metrics_registry& registry, const log_stream& stream) {
  using names = metric_names;
  std::vector<callback_registration> all;
  all.push_back(registry.add_callback(names::log_records, [&stream] {
    const log_stats stats = stream.stats();
    return std::vector{series("accepted", in_base_unit(stats.accepted)),
                       series("written", in_base_unit(stats.written)),
                       series("dropped", in_base_unit(stats.dropped()))};
  }));
  all.push_back(registry.add_callback(names::log_dropped, [&stream] {
    const log_stats stats = stream.stats();
    return std::vector{series("queue_full", in_base_unit(stats.dropped_queue_full)),
                       series("block_limit", in_base_unit(stats.dropped_block_limit)),
                       series("displaced", in_base_unit(stats.dropped_displaced)),
                       series("too_many_threads", in_base_unit(stats.dropped_too_many_threads)),
                       series("closed", in_base_unit(stats.dropped_closed)),
                       series("unrenderable", in_base_unit(stats.dropped_unrenderable)),
                       series("sink", in_base_unit(stats.dropped_sink))};
  }));
  all.push_back(show(registry, names::log_suppressed, stream, &log_stats::suppressed));
  all.push_back(show(registry, names::log_blocked_calls, stream, &log_stats::blocked_calls));
  all.push_back(show(registry, names::log_blocked_time, stream, &log_stats::blocked_time));
  all.push_back(show(registry, names::log_blocked_threads, stream, &log_stats::blocked_threads));
  all.push_back(show(registry, names::log_batch, stream, &log_stats::batch_records));
  all.push_back(show(registry, names::log_write, stream, &log_stats::write_time));
  all.push_back(show(registry, names::log_flush, stream, &log_stats::flush_time));
  all.push_back(show(registry, names::log_sync, stream, &log_stats::sync_time));
  all.push_back(show(registry, names::log_sink_errors, stream, &log_stats::sink_errors));
  all.push_back(show(registry, names::log_queue, stream, &log_stats::queue_bytes));
  all.push_back(show(registry, names::log_memory, stream, &log_stats::memory_bytes));
  all.push_back(show(registry, names::log_memory_limit, stream, &log_stats::memory_limit_bytes));
  all.push_back(registry.add_callback(names::log_recorder, [&stream] {
    const log_stats stats = stream.stats();
    return std::vector{series("emitted", in_base_unit(stats.recorder_emitted)),
                       series("overwritten", in_base_unit(stats.recorder_overwritten)),
                       series("refused", in_base_unit(stats.recorder_refused))};
  }));
  all.push_back(show(registry, names::log_recorder_memory, stream, &log_stats::recorder_bytes));
  return all;
}

} // namespace weir
