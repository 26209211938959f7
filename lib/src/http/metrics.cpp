#include "http/metrics.hpp"

#include "weir/metrics/names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace weir {

namespace {

/// OpenTelemetry's list; others become _OTHER, or callers could make any number of series.
std::string_view known_method(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 9> known{"GET",     "POST",  "PUT",   "DELETE", "HEAD",
                                                  "OPTIONS", "PATCH", "TRACE", "CONNECT"};
  return std::ranges::find(known, method) != known.end() ? method : std::string_view("_OTHER");
}

std::string_view protocol_version(unsigned version) noexcept { return version == 10 ? "1.0" : "1.1"; }

/// The status as text, "" for none.
class status_text {
 public:
  explicit status_text(unsigned status) noexcept {
    if (status != 0) size_ = static_cast<std::size_t>(std::to_chars(text_, text_ + sizeof text_, status).ptr - text_);
  }
  operator std::string_view() const noexcept { return {text_, size_}; }  // NOLINT: stands for its text

 private:
  char text_[10];
  std::size_t size_ = 0;
};

/// OpenTelemetry's error.type: empty if there was no error; 4xx is none on the server's side.
std::string_view error_type(const exchange_record& facts, std::string_view status) noexcept {
  switch (facts.outcome) {
  case request_outcome::completed: return facts.status >= 500 ? status : std::string_view();
  case request_outcome::failed: return "exception";
  case request_outcome::cancelled:
  case request_outcome::timed_out:
  case request_outcome::refused: return to_string_view(facts.reason);
  case request_outcome::protocol_error: return "protocol_error";
  }
  return {};
}

}  // namespace

request_observer::metrics::metrics(metrics_registry& registry)
    : duration_(registry.add(metric_names::http_server_request_duration)),
      active_(registry.add(metric_names::http_server_active_requests)),
      request_size_(registry.add(metric_names::http_server_request_body_size)),
      response_size_(registry.add(metric_names::http_server_response_body_size)),
      cancelled_(registry.add(metric_names::requests_cancelled)), to_stop_(registry.add(metric_names::cancel_to_stop)),
      ignored_(registry.add(metric_names::cancel_ignored)), wasted_(registry.add(metric_names::response_bytes_wasted)) {}

void request_observer::metrics::begun(const exchange_record& facts) noexcept {
  active_.with({known_method(facts.method), facts.scheme}).add(1);
}

void request_observer::metrics::finished(const exchange_record& facts, std::chrono::nanoseconds ignored_after) noexcept {
  const std::string_view method = known_method(facts.method);
  const status_text status(facts.status);
  const std::array<std::string_view, 6> labels{method,
                                               facts.scheme,
                                               facts.route,
                                               status,
                                               error_type(facts, status),
                                               protocol_version(facts.version)};
  active_.with({method, facts.scheme}).subtract(1);
  duration_.with(labels).observe(facts.finished - facts.received);
  request_size_.with(labels).observe(static_cast<double>(facts.request_bytes));
  response_size_.with(labels).observe(static_cast<double>(facts.response_bytes));
  if (!facts.was_cut_short()) return;

  cancelled_.with({facts.route, to_string_view(facts.reason), to_string_view(facts.phase)}).add();
  if (facts.time_to_stop.count() >= 0) {
    to_stop_.with({facts.route}).observe(facts.time_to_stop);
    if (facts.time_to_stop > ignored_after) ignored_.with({facts.route}).add();
  }
  if (facts.outcome == request_outcome::cancelled) wasted_.with({facts.route}).add(facts.response_bytes);
}

}  // namespace weir
