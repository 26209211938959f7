// What contexts count, as metrics: above the two rooms, which know nothing of each other.
#pragma once

#include "weir/metrics.hpp"

#include <vector>

namespace weir {

/// Shows in `registry` what is counted for all contexts of the process: metric_names::task_failures. Throws what
/// metrics_registry::add_callback() throws.
[[nodiscard]] std::vector<callback_registration> register_context_metrics(metrics_registry& registry);

} // namespace weir
