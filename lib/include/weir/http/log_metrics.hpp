// The log stream's own state as metrics.
#pragma once

#include "weir/log/stream.hpp"
#include "weir/metrics.hpp"

#include <functional>
#include <vector>

namespace weir {

/// What log_options::on_batch is to be so that batch sizes and write times reach `registry`
/// (metric_names::log_batch, log_write). Lifetime: the registry outlives the stream.
std::function<void(const batch_report&)> batch_metrics(metrics_registry& registry);

/// Shows `stream`'s counters in `registry` (metric_names::log_records, log_dropped, log_queue), read at every scrape:
/// they are right while records are being dropped, too. Lifetime: the stream outlives the registrations that are
/// returned.
[[nodiscard]] std::vector<callback_registration> register_log_metrics(metrics_registry& registry,
                                                                      const log_stream& stream);

} // namespace weir
