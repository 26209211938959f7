// An observer with a registry and a log of its own, and ways to look into both.
#pragma once

#include "weir/http.hpp"
#include "weir/log.hpp"
#include "weir/metrics.hpp"
#include "weir/testing/capturing_sink.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir_test {

/// The value of a member of a JSON line as it stands there, without the quotes; "(absent)" if there is none.
inline std::string json_member(std::string_view line, std::string_view key) {
  const std::string name = fmt::format("\"{}\":", key);
  const auto at = line.find(name);
  if (at == line.npos) return "(absent)";
  std::string_view value = line.substr(at + name.size());
  if (value.front() != '"') return std::string(value.substr(0, value.find_first_of(",}")));
  value.remove_prefix(1);
  std::size_t end = 0;
  while (value[end] != '"') end += value[end] == '\\' ? 2 : 1;
  return std::string(value.substr(0, end));
}

class observed {
 public:
  using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit observed(weir::observer_options options = {}) : observer(complete(std::move(options))) {}

  /// All lines of the log so far.
  std::vector<std::string> lines() {
    stream.flush();
    return sink->lines();
  }
  /// The lines of one logger.
  std::vector<std::string> lines_of(std::string_view logger) {
    auto all = lines();
    std::erase_if(all, [&](const std::string& line) { return json_member(line, "logger") != logger; });
    return all;
  }
  std::vector<std::string> access_lines() { return lines_of("access"); }

  /// The sum over the series of that name that have these labels: values, or numbers of observations.
  double sum(std::string_view name, labels wanted = {}) const {
    double total = 0;
    for (const weir::family_snapshot& family : registry.collect()) {
      if (family.name != name) continue;
      for (const weir::series_snapshot& series : family.series) {
        if (!has(family, series, wanted)) continue;
        total += family.type == weir::metric_type::histogram ? static_cast<double>(series.histogram.count())
                                                             : series.value;
      }
    }
    return total;
  }
  double active() const { return sum("http_server_active_requests"); }
  double finished(labels wanted = {}) const { return sum("http_server_request_duration_seconds", wanted); }
  double cancelled(labels wanted = {}) const { return sum("weir_requests_cancelled_total", wanted); }

 private:
  weir::observer_options complete(weir::observer_options options) {
    options.metrics = &registry;
    options.access_log = &stream.get_logger("access");
    return options;
  }
  static bool has(const weir::family_snapshot& family, const weir::series_snapshot& series, labels wanted) {
    for (const auto& [name, value] : wanted) {
      std::size_t i = 0;
      while (i < family.label_names.size() && family.label_names[i] != name) ++i;
      if (i == family.label_names.size() || series.label_values[i] != value) return false;
    }
    return true;
  }

 public:
  weir::metrics_registry registry;
  std::shared_ptr<weir::testing::capturing_sink> sink =
      std::make_shared<weir::testing::capturing_sink>(weir::as_json());
  weir::log_stream stream{weir::log_options{.sinks = {sink}, .recorder = weir::recorder_options{}}};
  weir::request_observer observer;
};

} // namespace weir_test
