#include "snapshot.hpp"

#include "weir/http/outcome.hpp"
#include "weir/log/json_text.hpp"
#include "weir/metrics/names.hpp"
#include "weir/trace/ids.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weir::detail {
namespace {

double seconds(std::chrono::nanoseconds time) noexcept { return std::chrono::duration<double>(time).count(); }

std::size_t label_index(const family_snapshot& family, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::find(family.label_names, name) - family.label_names.begin());
}

double sum_of(const family_snapshot& family) {
  double sum = 0;
  for (const series_snapshot& each : family.series) sum += each.value;
  return sum;
}

/// Counts, of which JSON is to have all digits.
std::uint64_t whole(double value) noexcept { return value > 0 ? static_cast<std::uint64_t>(value) : 0; }

/// What failed behind another status than 5xx: a handler that threw when its 200 had gone out, and gRPC, whose status
/// is always 200, by the codes that are a server's error. As in dashboards/prometheus/recording.yml.
constexpr std::array<std::string_view, 7> failed_otherwise{
    "exception", "UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"};

} // namespace

shown_families::shown_families(metrics_registry& registry, std::string document, std::string events)
    : document_(std::move(document)),
      events_(std::move(events)),
      duration_(registry.add(metric_names::http_server_request_duration)),
      active_(registry.add(metric_names::http_server_active_requests)),
      stuck_(registry.add(metric_names::handlers_stuck)),
      cancelled_(registry.add(metric_names::requests_cancelled)),
      to_stop_(registry.add(metric_names::cancel_to_stop)),
      wasted_(registry.add(metric_names::response_bytes_wasted)) {}

void shown_families::append(text_buffer& out, std::size_t own) const {
  append_requests(out, own);
  out.push_back(',');
  append_cancelled(out);
}

template <class Metric>
family_snapshot shown_families::collect(const metric_family<Metric>& family) const {
  family_snapshot all = family.collect_all();
  const std::size_t route = label_index(all, "http_route");
  std::erase_if(all.series, [&](const series_snapshot& each) {
    return each.label_values[route] == document_ || each.label_values[route] == events_;
  });
  return all;
}

void shown_families::append_requests(text_buffer& out, std::size_t own) const {
  const family_snapshot family = collect(duration_);
  const std::size_t status = label_index(family, "http_response_status_code");
  const std::size_t error = label_index(family, "error_type");
  std::vector<std::uint64_t> cumulative(family.bounds.size() + 1);
  std::array<std::uint64_t, 6> classes{}; // none sent, 1xx to 5xx
  std::uint64_t failed = 0;
  double sum = 0;
  for (const series_snapshot& each : family.series) {
    for (std::size_t i = 0; i < cumulative.size(); ++i) cumulative[i] += each.histogram.cumulative[i];
    const std::string& code = each.label_values[status];
    const std::size_t of =
        !code.empty() && code[0] >= '1' && code[0] <= '5' ? static_cast<std::size_t>(code[0] - '0') : 0;
    classes[of] += each.histogram.count();
    if (of == 5 || std::ranges::find(failed_otherwise, each.label_values[error]) != failed_otherwise.end())
      failed += each.histogram.count();
    sum += each.histogram.sum;
  }
  const std::uint64_t active = whole(sum_of(active_.collect_all()));
  fmt::format_to(fmt::appender(out),
                 R"("requests":{{"total":{},"failed":{},"seconds":{},"status":[{}],"bounds":[{}],"buckets":[{}],)"
                 R"("active":{},"stuck":{}}})",
                 cumulative.back(), failed, sum, fmt::join(classes, ","), fmt::join(family.bounds, ","),
                 fmt::join(cumulative, ","), active - std::min<std::uint64_t>(active, own),
                 whole(sum_of(stuck_.collect_all())));
}

void shown_families::append_cancelled(text_buffer& out) const {
  const family_snapshot family = collect(cancelled_);
  const std::size_t reason = label_index(family, "reason"), phase = label_index(family, "phase");
  std::map<std::string_view, std::array<std::uint64_t, 3>> reasons;
  for (const series_snapshot& each : family.series) {
    std::array<std::uint64_t, 3>& phases = reasons[each.label_values[reason]];
    const std::string& in = each.label_values[phase];
    // What is not even room for in overflow series has neither a reason nor a phase: it stands under the last.
    phases[in == "read" ? 0 : in == "handler" ? 1 : 2] += whole(each.value);
  }
  weir::append(out, R"("cancelled":{"reasons":{)");
  bool first = true;
  for (const auto& [name, phases] : reasons) {
    if (!std::exchange(first, false)) out.push_back(',');
    append_json_string(out, name);
    fmt::format_to(fmt::appender(out), ":[{}]", fmt::join(phases, ","));
  }
  const family_snapshot to_stop = collect(to_stop_);
  std::uint64_t stopped = 0;
  double time = 0;
  for (const series_snapshot& each : to_stop.series) {
    stopped += each.histogram.count();
    time += each.histogram.sum;
  }
  fmt::format_to(fmt::appender(out), R"(}},"stopped":{},"stop_seconds":{},"wasted_bytes":{}}})", stopped, time,
                 whole(sum_of(collect(wasted_))));
}

void append_stream(text_buffer& out, const log_stats& stats) {
  fmt::format_to(
      fmt::appender(out),
      R"("stream":{{"accepted":{},"written":{},"dropped":{{"queue_full":{},"block_limit":{},"displaced":{},)"
      R"("too_many_threads":{},"closed":{},"unrenderable":{},"sink":{}}},"queue_bytes":{},"memory_bytes":{},)"
      R"("memory_limit_bytes":{},"batches":{},"batch_records":{},"writes":{},"write_seconds":{},)"
      R"("sink_errors":{},"blocked_calls":{},"blocked_seconds":{},"blocked_threads":{},)"
      R"("recorder_emitted":{},"recorder_bytes":{}}})",
      stats.accepted, stats.written, stats.dropped_queue_full, stats.dropped_block_limit, stats.dropped_displaced,
      stats.dropped_too_many_threads, stats.dropped_closed, stats.dropped_unrenderable, stats.dropped_sink,
      stats.queue_bytes, stats.memory_bytes, stats.memory_limit_bytes, stats.batch_records.count(),
      stats.batch_records.sum, stats.write_time.count(), seconds(stats.write_time.sum), stats.sink_errors,
      stats.blocked_calls, seconds(stats.blocked_time), stats.blocked_threads, stats.recorder_emitted,
      stats.recorder_bytes);
}

void append_under_way(text_buffer& out, std::span<const request_under_way> requests, std::size_t most,
                      std::string_view events) {
  weir::append(out, R"("under_way":[)");
  std::size_t shown = 0;
  for (const request_under_way& each : requests) {
    if (each.path == events || shown == most) continue;
    weir::append(out, shown++ == 0 ? R"({"method":)" : R"(,{"method":)");
    append_json_string(out, each.method);
    weir::append(out, R"(,"path":)");
    append_json_string(out, std::string_view(each.path).substr(0, 512));
    weir::append(out, R"(,"route":)");
    append_json_string(out, each.route);
    fmt::format_to(fmt::appender(out),
                   R"(,"trace_id":"{}","seconds":{},"ended_seconds":{},"reason":"{}","stuck":{}}})",
                   to_hex(trace_id{each.ids.trace_id_high, each.ids.trace_id_low}).view(), seconds(each.running),
                   each.since_end.count() < 0 ? -1.0 : seconds(each.since_end),
                   each.since_end.count() < 0 ? std::string_view() : to_string_view(each.reason), each.stuck);
  }
  out.push_back(']');
}

} // namespace weir::detail
