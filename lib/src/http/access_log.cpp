#include "http/access_log.hpp"

#include "http/exchange_facts.hpp"
#include "http/header_field.hpp"
#include "http/ids_scope.hpp"
#include "http/userinfo.hpp"
#include "weir/log/macros.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <new>

namespace weir {

namespace {

constexpr unsigned client_closed_request = 499;
constexpr std::size_t longest_query = 2048, longest_header = 1024;

double in_seconds(std::chrono::nanoseconds time) noexcept { return std::chrono::duration<double>(time).count(); }

/// What the line reads like where nothing is known, as in other servers' access logs.
std::string_view or_dash(std::string_view text) noexcept { return text.empty() ? std::string_view("-") : text; }

bool is_credential(std::string_view header) noexcept {
  if (header == "authorization" || header == "proxy-authorization") return true;
  return std::ranges::any_of(std::array<std::string_view, 11>{"cookie", "token", "secret", "password", "session",
                                                              "api-key", "apikey", "signature", "auth-key",
                                                              "access-key", "subscription-key"},
                             [&](std::string_view part) { return header.find(part) != header.npos; });
}

/// Takes off what a URL has in front of its host, and returns it without the user's name and password. The host of
/// another URL, in the query, is not meant.
std::string_view take_front(std::string_view& url) noexcept {
  const std::string_view user = detail::userinfo_of(url.substr(0, url.find_first_of("?#")));
  if (user.empty()) return {};
  const std::string_view front(url.data(), static_cast<std::size_t>(user.data() - url.data()));
  url.remove_prefix(front.size() + user.size());
  return front;
}

template <level Severity, class... Status>
void write_record(logger& log, const exchange_record& facts, const Status&... status) noexcept {
  const bool left_before_status = facts.status == 0 && facts.was_cut_short() && detail::has_left(facts.reason);
  WEIR_LOG(log, Severity, "{} {} {}", or_dash(facts.method), or_dash(facts.path),
           left_before_status ? client_closed_request : facts.status, field<"http.request.method">(facts.method),
           field<"url.path">(facts.path), field<"url.scheme">(facts.scheme), field<"http.route">(facts.route),
           field<"network.protocol.version">(detail::protocol_version(facts.version)),
           field<"client.address">(facts.peer), field<"http.request.body.size">(facts.request_bytes),
           field<"http.response.body.size">(facts.response_bytes),
           field<"duration_s">(in_seconds(facts.finished - facts.received)),
           field<"outcome">(to_string_view(facts.outcome)), status...);
}

/// What whoever can connect may make the log say, as often as they like: no request, or one that never comes whole.
bool is_clients_fault(const exchange_record& facts) noexcept {
  return facts.outcome == request_outcome::protocol_error ||
         (facts.outcome == request_outcome::timed_out && facts.status == 408);
}

template <level Severity>
void write_at(logger& log, const exchange_record& facts) noexcept {
  // HTTP's status of an RPC is 200 whatever comes of it.
  if (facts.grpc_status >= 0)
    write_record<Severity>(log, facts, field<"rpc.grpc.status_code">(facts.grpc_status));
  else if (facts.status != 0)
    write_record<Severity>(log, facts, field<"http.response.status_code">(facts.status));
  else
    write_record<Severity>(log, facts);
}

} // namespace

request_observer::access_log::access_log(const observer_options& options)
    : options_(options),
      redactor_(options.access.secret_parameters),
      ordinary_(*options.access_log, level::info, "the access log's ordinary requests", detail::told_when::it_ends,
                options.access.ordinary_ratio),
      protocol_errors_(*options.access_log, level::warn, "the access log's broken requests",
                       detail::told_when::it_is_over, options.access.most_protocol_errors) {
  for (const std::string& name : options.access.headers) {
    const std::string lower = detail::lower_case(name);
    headers_.push_back(
        {&detail::text_field_type(detail::header_field(name)), is_credential(lower), lower == "referer"});
  }
}

/// As much of it, and in the way, that the options want.
void request_observer::access_log::append_query(std::string& to, std::string_view query) const {
  if (options_.access.query == query_logging::whole)
    to.append(query);
  else if (options_.access.query == query_logging::redacted)
    redactor_.append(to, query);
}

void request_observer::access_log::keep(std::string_view target, const request_headers* headers,
                                        exchange_record& facts) const {
  facts.query.clear();
  if (const std::size_t mark = target.find('?'); mark != target.npos)
    append_query(facts.query, target.substr(mark + 1, longest_query));
  if (headers_.empty()) return;
  facts.headers.resize(headers_.size());
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    std::string_view value = headers != nullptr ? headers->logged(i) : std::string_view();
    if (headers_[i].is_secret && !value.empty()) value = "REDACTED";
    facts.headers[i].clear();
    // Before it is cut, or a name and password might lose the sign behind them.
    if (headers_[i].is_url) facts.headers[i] = take_front(value).substr(0, longest_header);
    value = value.substr(0, longest_header - std::min(longest_header, facts.headers[i].size()));
    const std::size_t mark = headers_[i].is_url ? value.find_first_of("?#") : value.npos;
    facts.headers[i].append(value.substr(0, mark));
    if (mark == value.npos) continue;
    std::string query;
    append_query(query, value.substr(mark + 1));
    if (!query.empty()) facts.headers[i].append(value.substr(mark, 1)).append(query);
  }
}

/// What only some requests have to say.
void request_observer::access_log::gather(const exchange_record& facts, detail::field_list& fields) const {
  if (!facts.proxy.empty()) fields.add(field<"network.peer.address">(facts.proxy));
  if (!facts.request_id.empty()) fields.add(field<"http.request.id">(facts.request_id));
  if (facts.caller) {
    fields.add(field<"caller.trace_id">(to_hex(facts.caller->trace).view()));
    fields.add(field<"caller.span_id">(to_hex(facts.caller->span).view()));
  }
  if (facts.reason != cancel_reason::none && !ended_well(facts.outcome)) {
    fields.add(field<"error.type">(to_string_view(facts.reason)));
    fields.add(field<"cancel.phase">(to_string_view(facts.phase)));
    if (facts.time_to_stop.count() >= 0) fields.add(field<"cancel.to_stop_s">(in_seconds(facts.time_to_stop)));
  } else if (!ended_well(facts.outcome)) {
    fields.add(field<"error.message">(facts.error));
  }
  if (detail::is_slow(facts, options_.slow_after)) fields.add(field<"slow">(true));
  if (!facts.query.empty()) fields.add(field<"url.query">(facts.query));
  for (std::size_t i = 0; i < std::min(facts.headers.size(), headers_.size()); ++i)
    if (!facts.headers[i].empty()) fields.add(*headers_[i].field, facts.headers[i]);
}

void request_observer::access_log::write(const exchange_record& facts, const context& ctx,
                                         detail::field_list& scratch) noexcept {
  const bool slow = detail::is_slow(facts, options_.slow_after);
  const bool troubled = facts.outcome == request_outcome::failed ||
                        facts.outcome == request_outcome::protocol_error || facts.status >= 500 ||
                        !facts.error_type.empty() || slow;
  correlation ids = ctx.ids() != nullptr ? *ctx.ids() : correlation();
  const detail::ids_scope under_the_request(ids);
  permit permitted{true};
  if (options_.access.ordinary_ratio < 1 && ended_well(facts.outcome) && facts.status < 400 &&
      facts.grpc_status <= 0 && !slow)
    permitted = ordinary_.pass();
  else if (is_clients_fault(facts))
    permitted = protocol_errors_.pass();
  if (!permitted) return;
  try {
    scratch.clear();
    gather(facts, scratch);
    if (permitted.suppressed != 0) scratch.add(field<"sampling.suppressed">(permitted.suppressed));
    if (!scratch.empty()) {
      scratch.add(ids.fields);
      ids.fields = scratch.view();
    }
  } catch (const std::bad_alloc&) {
    // The record matters more than these.
    ids.fields = nullptr;
  }
  logger& log = *options_.access_log;
  troubled ? write_at<level::warn>(log, facts) : write_at<level::info>(log, facts);
}

} // namespace weir
