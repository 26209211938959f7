// Weir's metrics for prometheus-cpp: whatever serves or pushes a prometheus::Collectable serves these.
#pragma once

#include "weir/metrics/registry.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

namespace weir {

/// A registry as a prometheus::Collectable: for prometheus-cpp's Exposer, which answers on a port of its own, for its
/// Gateway, which pushes, and beside a prometheus::Registry that a program already has.
/// Thread safety: thread-safe. Lifetime: the registry outlives this.
class prometheus_collectable final : public ::prometheus::Collectable {
 public:
  explicit prometheus_collectable(const metrics_registry& registry) noexcept : registry_(registry) {}

  /// All families that have a series. Labels with an empty value are left out; a line feed in a help text is a space.
  /// Errors: std::bad_alloc.
  std::vector<::prometheus::MetricFamily> Collect() const override;

 private:
  const metrics_registry& registry_;
};

} // namespace weir
