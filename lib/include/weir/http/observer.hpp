// The observer: takes finished exchanges and feeds metrics and the access log.
#pragma once

#include "weir/context.hpp"
#include "weir/http/exchange.hpp"
#include "weir/log/logger.hpp"
#include "weir/log/stream.hpp"
#include "weir/metrics.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace weir {

/// What an observer does with exchanges.
struct observer_options {
  /// Where the metrics of metric_names go. Default: the process's registry.
  metrics_registry* metrics = &default_metrics();
  /// The logger of the access log: one record a request, level info, or warn for failed ones. nullptr: no access log.
  logger* access_log = nullptr;
  /// The stream whose flight recorder keeps what requests log below the level (log_options::recorder is set), or
  /// nullptr for none. It is emitted, before the access record, when a request does not end as completed, is answered
  /// with 5xx, or is slow; and forgotten otherwise.
  log_stream* recorder = nullptr;
  /// A request that takes longer than this is slow; 0 (default), none is, to 1 hour. For the recorder.
  std::chrono::milliseconds slow_after{0};
  /// Whether a caller's `traceparent` is continued. False for the edge of a system: every request starts a trace.
  bool trust_callers = true;
  /// The parent of all requests' contexts; ending it cancels them all, as a shutdown does.
  context base{};
  /// A handler that goes on for longer than this after its request was cancelled counts as ignoring it. 0 to 1 hour.
  std::chrono::milliseconds ignored_after{1000};
};

/// One per server. Thread-safe. Lifetime: outlives its exchanges; its registry and logger outlive it.
/// Errors: throws std::invalid_argument naming an option that is out of range, and what the registry throws.
class request_observer {
 public:
  explicit request_observer(observer_options options);
  ~request_observer();
  request_observer(const request_observer&) = delete;
  request_observer& operator=(const request_observer&) = delete;

  const observer_options& options() const noexcept { return options_; }

  /// Called by exchange.
  void begun(const exchange_record& facts, detail::request_series& series) noexcept;
  void finished(const exchange_record& facts, const context& ctx, detail::request_series& series) noexcept;

 private:
  class metrics;

  observer_options options_;
  std::unique_ptr<metrics> metrics_;
};

} // namespace weir
