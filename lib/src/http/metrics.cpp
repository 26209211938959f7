#include "http/metrics.hpp"

#include "http/exchange_facts.hpp"
#include "http/methods.hpp"
#include "http/number_label.hpp"
#include "weir/metrics/names.hpp"

#include <array>
#include <new>
#include <span>
#include <string_view>

namespace weir {

namespace {

constexpr std::array<std::string_view, 2> schemes{"http", "https"};

/// The place of a request's gauge among those of all methods and schemes.
std::size_t gauge_index(const exchange_record& facts) noexcept {
  return detail::method_index(facts.method) * schemes.size() + (facts.scheme == schemes[1] ? 1U : 0U);
}

constexpr std::array cut_short_reasons{
    cancel_reason::client_closed, cancel_reason::client_reset, cancel_reason::deadline, cancel_reason::timeout,
    cancel_reason::shutdown,      cancel_reason::application,  cancel_reason::overload};
constexpr std::array phases{request_phase::read, request_phase::handler, request_phase::write};

/// The label of requests that no route matched.
constexpr std::string_view no_route{};

/// OpenTelemetry's error.type: empty if there was no error; 4xx is none on the server's side.
std::string_view error_type(const exchange_record& facts, std::string_view status) noexcept {
  switch (facts.outcome) {
  case request_outcome::completed:
    return facts.status >= 500 ? status : facts.error_type;
  case request_outcome::failed:
    return "exception";
  case request_outcome::cancelled:
  case request_outcome::timed_out:
  case request_outcome::refused:
    return to_string_view(facts.reason);
  case request_outcome::protocol_error:
    return "protocol_error";
  case request_outcome::upgraded:
    return {};
  }
  return {};
}

/// The series of these label values, or nullptr if there is no memory for a new one: one observation is lost then,
/// and nothing else.
template <class Metric>
Metric* find_series(metric_family<Metric>& family, std::span<const std::string_view> values) noexcept {
  try {
    return &family.with(values);
  } catch (...) {
    return nullptr;
  }
}

/// Whether they were looked up for a request with the same labels.
bool is_of(const detail::request_series& series, const exchange_record& facts) noexcept {
  return series.duration != nullptr && series.counted_active == series.active && series.status == facts.status &&
         series.outcome == facts.outcome && series.reason == facts.reason && series.version == facts.version &&
         series.error_type == facts.error_type && series.route == facts.route;
}

template <class Value>
void observe(metric_family<histogram>& family, std::span<const std::string_view> labels, Value value) noexcept {
  if (histogram* const found = find_series(family, labels)) found->observe(value);
}

void count(metric_family<counter>& family, std::span<const std::string_view> labels, std::uint64_t amount) noexcept {
  if (counter* const found = find_series(family, labels)) found->add(amount);
}

} // namespace

request_observer::metrics::metrics(metrics_registry& registry, std::size_t max_series)
    : duration_(registry.add(metric_names::http_server_request_duration, {.max_series = max_series})),
      request_size_(registry.add(metric_names::http_server_request_body_size, {.max_series = max_series})),
      response_size_(registry.add(metric_names::http_server_response_body_size, {.max_series = max_series})),
      cancelled_(registry.add(metric_names::requests_cancelled, {.max_series = max_series})),
      to_stop_(registry.add(metric_names::cancel_to_stop, {.max_series = max_series})),
      ignored_(registry.add(metric_names::cancel_ignored, {.max_series = max_series})),
      wasted_(registry.add(metric_names::response_bytes_wasted, {.max_series = max_series})),
      deadlines_(registry.add(metric_names::deadline_received).with()),
      expired_deadlines_(registry.add(metric_names::deadline_expired_on_arrival).with()) {
  // All of them, so that counting a request's begin and end cannot fail and the gauge comes back to where it was.
  auto& active = registry.add(metric_names::http_server_active_requests);
  for (std::size_t method = 0; method < detail::known_methods.size(); ++method)
    for (std::size_t scheme = 0; scheme < schemes.size(); ++scheme)
      active_[method * schemes.size() + scheme] = &active.with({detail::known_methods[method], schemes[scheme]});
  // Zeroes from the start, or a query for what has not happened yet finds nothing instead of none.
  for (const cancel_reason reason : cut_short_reasons)
    for (const request_phase phase : phases)
      cancelled_.with({no_route, to_string_view(reason), to_string_view(phase)});
  to_stop_.with({no_route});
  ignored_.with({no_route});
  wasted_.with({no_route});
}

void request_observer::metrics::deadline_received(bool expired) noexcept {
  deadlines_.add();
  if (expired) expired_deadlines_.add();
}

void request_observer::metrics::begun(const exchange_record& facts, detail::request_series& series) noexcept {
  series.active = active_[gauge_index(facts)];
  series.active->add();
}

bool request_observer::metrics::look_up(const exchange_record& facts, detail::request_series& series) noexcept {
  series.duration = nullptr;
  const detail::number_label status(facts.status);
  const std::array<std::string_view, 6> labels{
      detail::known_method(facts.method),     facts.scheme, facts.route, status, error_type(facts, status),
      detail::protocol_version(facts.version)};
  series.request_size = find_series(request_size_, labels);
  series.response_size = find_series(response_size_, labels);
  histogram* const duration = find_series(duration_, labels);
  if (duration == nullptr || series.request_size == nullptr || series.response_size == nullptr) return false;
  try {
    series.route = facts.route;
  } catch (const std::bad_alloc&) {
    return false;
  }
  series.counted_active = series.active;
  series.version = facts.version;
  series.error_type = facts.error_type;
  series.status = facts.status;
  series.outcome = facts.outcome;
  series.reason = facts.reason;
  series.duration = duration;
  return true;
}

void request_observer::metrics::finished(const exchange_record& facts, std::chrono::nanoseconds ignored_after,
                                         detail::request_series& series) noexcept {
  series.active->subtract();
  if (is_of(series, facts) || look_up(facts, series)) {
    // A trace that nobody records is no example that one could look at.
    const correlation ids = facts.trace.flags.sampled() ? to_correlation(facts.trace) : correlation();
    series.duration->observe(facts.finished - facts.received, ids);
    series.request_size->observe(static_cast<double>(facts.request_bytes));
    series.response_size->observe(static_cast<double>(facts.response_bytes));
  }
  if (!facts.was_cut_short()) return;

  const std::array<std::string_view, 3> cut_short{facts.route, to_string_view(facts.reason),
                                                  to_string_view(facts.phase)};
  const auto route = std::span(cut_short).first<1>();
  count(cancelled_, cut_short, 1);
  if (facts.time_to_stop.count() >= 0) {
    observe(to_stop_, route, facts.time_to_stop);
    if (facts.time_to_stop > ignored_after) count(ignored_, route, 1);
  }
  if (facts.outcome == request_outcome::cancelled) count(wasted_, route, facts.response_bytes);
}

} // namespace weir
