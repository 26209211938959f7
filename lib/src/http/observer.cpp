#include "weir/http/observer.hpp"

#include "http/access_log.hpp"
#include "http/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weir {

namespace {

using std::chrono::milliseconds;

void check_time(const char* name, milliseconds given, milliseconds least, std::chrono::hours most) {
  if (given < least || given > most)
    throw std::invalid_argument(fmt::format("observer_options.{} is {} ms: it must be from {} ms to {} h", name,
                                            given.count(), least.count(), most.count()));
}

/// Throws if it is none that can be compared quickly, or has a meaning of its own.
void check_header_name(const std::string& name) {
  if (name.empty()) return;
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
           c == '.';
  };
  if (name.size() > detail::known_headers::longest_name || !std::ranges::all_of(name, is_plain))
    throw std::invalid_argument(fmt::format(
        "observer_options.deadline_header is '{}': it must be at most {} letters, digits and '-', '_', '.'", name,
        detail::known_headers::longest_name));
  const std::size_t kind = detail::known_headers(observer_options{}).find(name);
  if (kind != detail::header_kinds && kind != static_cast<std::size_t>(detail::header_kind::deadline))
    throw std::invalid_argument(
        fmt::format("observer_options.deadline_header is '{}': that header has another meaning", name));
}

observer_options checked(observer_options options) {
  if (options.metrics == nullptr) throw std::invalid_argument("observer_options.metrics is null");
  check_time("ignored_after", options.ignored_after, milliseconds(0), std::chrono::hours(1));
  check_time("slow_after", options.slow_after, milliseconds(0), std::chrono::hours(1));
  check_time("largest_deadline", options.largest_deadline, milliseconds(1), std::chrono::hours(24));
  check_time("default_deadline", options.default_deadline, milliseconds(0), std::chrono::hours(24));
  check_header_name(options.deadline_header);
  return options;
}

} // namespace

request_observer::request_observer(observer_options options)
    : options_(checked(std::move(options))), known_headers_(options_) {
  if (options_.recorder != nullptr) const recording can_record(*options_.recorder);
  metrics_ = std::make_unique<metrics>(*options_.metrics);
}

request_observer::~request_observer() = default;

void request_observer::begun(const exchange_record& facts, detail::request_series& series) noexcept {
  metrics_->begun(facts, series);
}

void request_observer::deadline_received(bool expired) noexcept { metrics_->deadline_received(expired); }

void request_observer::finished(const exchange_record& facts, const context& ctx,
                                detail::request_series& series) noexcept {
  metrics_->finished(facts, options_.ignored_after, series);
  if (options_.access_log != nullptr) detail::write_access_record(*options_.access_log, facts, ctx);
}

} // namespace weir
