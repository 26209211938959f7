// The log stream's knowledge of itself as metrics: above the two rooms, which know nothing of each other.
#pragma once

#include "weir/log/stream.hpp"
#include "weir/metrics.hpp"

#include <vector>

namespace weir {

/// Shows stream.stats() in `registry` (the metric_names that begin with log_), read at every scrape: the numbers are
/// right while a sink hangs and records are being dropped, too. One stream a registry. Throws what
/// metrics_registry::add_callback() throws. Lifetime: the stream outlives the registrations that are returned.
[[nodiscard]] std::vector<callback_registration> register_log_metrics(metrics_registry& registry,
                                                                      const log_stream& stream);

} // namespace weir
