#include "http/access_log.hpp"

#include "weir/log/macros.hpp"

#include <chrono>

namespace weir::detail {

namespace {

constexpr unsigned client_closed_request = 499;

double seconds(std::chrono::nanoseconds time) noexcept { return std::chrono::duration<double>(time).count(); }

template <level Severity, class... Extra>
void write(logger& log, const exchange_record& facts, unsigned status_shown, const Extra&... extra) noexcept {
  WEIR_LOG(log, Severity, "{} {} {}", facts.method, facts.path, status_shown,
           field<"http.request.method">(facts.method), field<"url.path">(facts.path),
           field<"url.scheme">(facts.scheme), field<"http.route">(facts.route),
           field<"http.response.status_code">(facts.status),
           field<"network.protocol.version">(facts.version == 10 ? std::string_view("1.0") : std::string_view("1.1")),
           field<"client.address">(facts.peer), field<"http.request.body.size">(facts.request_bytes),
           field<"http.response.body.size">(facts.response_bytes),
           field<"duration_s">(seconds(facts.finished - facts.received)),
           field<"outcome">(to_string_view(facts.outcome)), extra...);
}

}  // namespace

void write_access_record(logger& log, const exchange_record& facts, const context& ctx) noexcept {
  const context_scope under_the_request(ctx);
  if (facts.outcome == request_outcome::completed) {
    write<level::info>(log, facts, facts.status);
  } else if (facts.reason != cancel_reason::none) {
    write<level::info>(log, facts, facts.status == 0 ? client_closed_request : facts.status,
                       field<"error.type">(to_string_view(facts.reason)),
                       field<"cancel.phase">(to_string_view(facts.phase)),
                       field<"cancel.to_stop_s">(facts.time_to_stop.count() < 0 ? 0.0 : seconds(facts.time_to_stop)));
  } else {
    write<level::warn>(log, facts, facts.status, field<"error.message">(facts.error));
  }
}

}  // namespace weir::detail
