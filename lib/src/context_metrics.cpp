#include "weir/context_metrics.hpp"

#include "weir/context/task_failure.hpp"
#include "weir/metrics/names.hpp"

namespace weir {

std::vector<callback_registration> register_context_metrics(metrics_registry& registry) {
  std::vector<callback_registration> all;
  all.push_back(registry.add_callback(metric_names::task_failures, [] {
    series_snapshot one;
    one.value = static_cast<double>(task_failures());
    return std::vector{one};
  }));
  return all;
}

} // namespace weir
