#include "weir/http/outgoing_call.hpp"

#include "http/ids_scope.hpp"
#include "http/methods.hpp"
#include "http/number_label.hpp"
#include "weir/log/macros.hpp"
#include "weir/metrics/names.hpp"

#include <array>
#include <exception>
#include <string>
#include <utility>

namespace weir {

namespace {

/// One of few, as it is a label.
std::string_view type_of(const std::error_code& error) noexcept {
  if (error == std::errc::timed_out) return "timeout";
  if (error == std::errc::connection_refused) return "connection_refused";
  if (error == std::errc::connection_reset || error == std::errc::broken_pipe) return "connection_reset";
  return "_OTHER";
}

/// Nothing if there is no memory for it: who observes a call does not end the process.
std::string message_of(const std::error_code& error) noexcept {
  try {
    return error ? error.message() : "given up";
  } catch (const std::exception&) {
    return {};
  }
}

struct ended_call {
  const call_target& target;
  std::uint64_t parent_span;
  double duration_s;
  std::uint64_t body_bytes;
};

template <level Severity, class... Result>
void write_record(logger& log, const ended_call& call, const Result&... result) noexcept {
  WEIR_LOG(log, Severity, "{} {}:{}{}", call.target.method, call.target.address, call.target.port, call.target.path,
           field<"http.request.method">(call.target.method), field<"server.address">(call.target.address),
           field<"server.port">(call.target.port), field<"url.path">(call.target.path),
           field<"parent_span_id">(to_hex(span_id{call.parent_span}).view()), field<"duration_s">(call.duration_s),
           result...);
}

} // namespace

call_observer::call_observer(const call_observer_options& options)
    : options_(options),
      duration_(
          options.metrics->add(metric_names::http_client_request_duration, {.max_series = options.max_series})) {}

outgoing_call::outgoing_call(call_observer& observer, context ctx, const call_target& target) noexcept
    : observer_(observer),
      ctx_(std::move(ctx)),
      target_(target),
      headers_(ctx_, observer.options().deadline_header) {}

outgoing_call::~outgoing_call() { failed({}); }

void outgoing_call::answered(unsigned status, std::uint64_t body_bytes) noexcept {
  // OpenTelemetry: to a client 4xx is an error as well.
  const detail::number_label error(status >= 400 ? status : 0);
  end(status, error, {}, body_bytes);
}

void outgoing_call::failed(const std::error_code& error) noexcept {
  end(0, ctx_.done() ? to_string_view(ctx_.reason()) : type_of(error), error, 0);
}

void outgoing_call::end(unsigned status, std::string_view error_type, const std::error_code& error,
                        std::uint64_t body_bytes) noexcept {
  if (!std::exchange(is_open_, false)) return;
  const double duration = std::chrono::duration<double>(context::clock::now() - begun_).count();
  try {
    const detail::number_label port(target_.port), status_code(status);
    const std::array<std::string_view, 5> labels{detail::known_method(target_.method), target_.address, port,
                                                 status_code, error_type};
    observer_.duration_.with(labels).observe(duration);
  } catch (const std::exception&) {
    // No memory for a new series: one observation is lost.
  }
  logger* const log = observer_.options().log;
  if (log == nullptr) return;
  const correlation* const above = ctx_.ids();
  const correlation ids = detail::completed_by(detail::context_access::get(ctx_), headers_.ids());
  const detail::ids_scope under_the_call(ids);
  const ended_call call{target_, above != nullptr ? above->span_id : 0, duration, body_bytes};
  if (status == 0) {
    write_record<level::warn>(*log, call, field<"error.type">(error_type), field<"error.message">(message_of(error)));
  } else if (status >= 500) {
    write_record<level::warn>(*log, call, field<"http.response.status_code">(status),
                              field<"http.response.body.size">(body_bytes));
  } else {
    write_record<level::info>(*log, call, field<"http.response.status_code">(status),
                              field<"http.response.body.size">(body_bytes));
  }
}

} // namespace weir
