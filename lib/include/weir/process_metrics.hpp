// What the process takes of its machine, as metrics.
#pragma once

#include "weir/metrics.hpp"

#include <vector>

namespace weir {

/// Shows in `registry` the metric_names that begin with process_, as Prometheus' own clients name them: processor
/// time, memory, file descriptors, threads, start. Each is read from the kernel when a page is made; one that cannot
/// be read (a process without /proc) is missing there. Once a registry. Throws what metrics_registry::add_callback()
/// throws. Cost: some 20 µs a page; on kernels before 6.2 a microsecond more for each four open descriptors.
[[nodiscard]] std::vector<callback_registration> register_process_metrics(metrics_registry& registry);

} // namespace weir
