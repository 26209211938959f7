// The request metrics of one observer.
#pragma once

#include "http/methods.hpp"
#include "weir/http/observer.hpp"
#include "weir/metrics.hpp"

#include <array>
#include <chrono>
#include <cstddef>

namespace weir {

class request_observer::metrics {
 public:
  metrics(metrics_registry& registry, std::size_t max_series);

  void deadline_received(bool expired) noexcept;
  void begun(const exchange_record& facts, detail::request_series& series) noexcept;
  void finished(const exchange_record& facts, std::chrono::nanoseconds ignored_after,
                detail::request_series& series) noexcept;

 private:
  /// Makes `series` those of this request; false if there is no memory for them.
  bool look_up(const exchange_record& facts, detail::request_series& series) noexcept;

  std::array<gauge*, 2 * detail::known_methods.size()> active_{}; // by method and scheme
  metric_family<histogram>& duration_;
  metric_family<histogram>& request_size_;
  metric_family<histogram>& response_size_;
  metric_family<counter>& cancelled_;
  metric_family<histogram>& to_stop_;
  metric_family<counter>& ignored_;
  metric_family<counter>& wasted_;
  counter& deadlines_;
  counter& expired_deadlines_;
};

} // namespace weir
