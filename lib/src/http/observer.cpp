#include "weir/http/observer.hpp"

#include "http/access_log.hpp"
#include "http/metrics.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace weir {

request_observer::request_observer(observer_options options) : options_(std::move(options)) {
  if (options_.metrics == nullptr) throw std::invalid_argument("observer_options.metrics is null");
  if (options_.ignored_after.count() < 0 || options_.ignored_after > std::chrono::hours(1))
    throw std::invalid_argument(fmt::format("observer_options.ignored_after is {} ms: it must be from 0 to 1 hour",
                                            options_.ignored_after.count()));
  if (options_.slow_after.count() < 0 || options_.slow_after > std::chrono::hours(1))
    throw std::invalid_argument(fmt::format("observer_options.slow_after is {} ms: it must be from 0 to 1 hour",
                                            options_.slow_after.count()));
  if (options_.recorder != nullptr) const recording can_record(*options_.recorder);
  metrics_ = std::make_unique<metrics>(*options_.metrics);
}

request_observer::~request_observer() = default;

void request_observer::begun(const exchange_record& facts, detail::request_series& series) noexcept {
  metrics_->begun(facts, series);
}

void request_observer::finished(const exchange_record& facts, const context& ctx,
                                detail::request_series& series) noexcept {
  metrics_->finished(facts, options_.ignored_after, series);
  if (options_.access_log != nullptr) detail::write_access_record(*options_.access_log, facts, ctx);
}

} // namespace weir
