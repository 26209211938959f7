#include "http/access_log.hpp"

#include "weir/log/macros.hpp"

#include <chrono>

namespace weir::detail {

namespace {

constexpr unsigned client_closed_request = 499;

double seconds(std::chrono::nanoseconds time) noexcept { return std::chrono::duration<double>(time).count(); }

/// What the line reads like where nothing is known, as in other servers' access logs.
std::string_view or_dash(std::string_view text) noexcept { return text.empty() ? std::string_view("-") : text; }

template <level Severity, class... Extra>
void write(logger& log, const exchange_record& facts, const Extra&... extra) noexcept {
  const bool left_before_status = facts.status == 0 && facts.was_cut_short();
  WEIR_LOG(log, Severity, "{} {} {}", or_dash(facts.method), or_dash(facts.path),
           left_before_status ? client_closed_request : facts.status, field<"http.request.method">(facts.method),
           field<"url.path">(facts.path), field<"url.scheme">(facts.scheme), field<"http.route">(facts.route),
           field<"network.protocol.version">(facts.version == 10 ? std::string_view("1.0") : std::string_view("1.1")),
           field<"client.address">(facts.peer), field<"http.request.body.size">(facts.request_bytes),
           field<"http.response.body.size">(facts.response_bytes),
           field<"duration_s">(seconds(facts.finished - facts.received)),
           field<"outcome">(to_string_view(facts.outcome)), extra...);
}

// A statement's fields are fixed, and a field with nothing to say is left out: hence a statement for each
// combination.

template <level Severity, class... Extra>
void write_with_status(logger& log, const exchange_record& facts, const Extra&... extra) noexcept {
  if (facts.status != 0)
    write<Severity>(log, facts, field<"http.response.status_code">(facts.status), extra...);
  else
    write<Severity>(log, facts, extra...);
}

template <class... Extra>
void write_cancelled(logger& log, const exchange_record& facts, const Extra&... extra) noexcept {
  const auto reason = field<"error.type">(to_string_view(facts.reason));
  const auto phase = field<"cancel.phase">(to_string_view(facts.phase));
  if (facts.time_to_stop.count() >= 0)
    write_with_status<level::info>(log, facts, reason, phase, field<"cancel.to_stop_s">(seconds(facts.time_to_stop)),
                                   extra...);
  else
    write_with_status<level::info>(log, facts, reason, phase, extra...);
}

template <class... Extra>
void write_outcome(logger& log, const exchange_record& facts, const Extra&... extra) noexcept {
  if (facts.outcome == request_outcome::completed)
    write_with_status<level::info>(log, facts, extra...);
  else if (facts.reason != cancel_reason::none)
    write_cancelled(log, facts, extra...);
  else
    write_with_status<level::warn>(log, facts, field<"error.message">(facts.error), extra...);
}

template <class... Extra>
void write_with_caller(logger& log, const exchange_record& facts, const Extra&... extra) noexcept {
  if (facts.caller)
    write_outcome(log, facts, extra..., field<"caller.trace_id">(to_hex(facts.caller->trace).view()),
                  field<"caller.span_id">(to_hex(facts.caller->span).view()));
  else
    write_outcome(log, facts, extra...);
}

} // namespace

void write_access_record(logger& log, const exchange_record& facts, const context& ctx) noexcept {
  const context_scope under_the_request(ctx);
  if (facts.request_id.empty())
    write_with_caller(log, facts);
  else
    write_with_caller(log, facts, field<"http.request.id">(facts.request_id));
}

} // namespace weir::detail
