#include "weir/http/observer.hpp"

#include "context/timer_thread.hpp"
#include "http/access_log.hpp"
#include "http/handler_watch.hpp"
#include "http/metrics.hpp"
#include "log/option_check.hpp"
#include "weir/metrics/names.hpp"

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

/// Throws if it is none that can be compared quickly.
void check_header_name(const char* option, std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
           c == '.';
  };
  if (name.empty() || name.size() > detail::known_headers::longest_name || !std::ranges::all_of(name, is_plain))
    throw std::invalid_argument(
        fmt::format("observer_options.{} is '{}': it must be 1 to {} letters, digits and '-', '_', '.'", option, name,
                    detail::known_headers::longest_name));
}

/// Throws if the header has a meaning of its own, or has been given twice.
void check_header_names(const observer_options& options) {
  observer_options before;
  before.request_ids = request_id_policy::always;
  before.deadline_header = std::string(default_deadline_header);
  if (!options.deadline_header.empty()) {
    check_header_name("deadline_header", options.deadline_header);
    const std::size_t kind = detail::known_headers(before).find(options.deadline_header);
    if (kind != detail::all_header_kinds && kind != static_cast<std::size_t>(detail::header_kind::deadline))
      throw std::invalid_argument(fmt::format(
          "observer_options.deadline_header is '{}': that header has another meaning", options.deadline_header));
    before.deadline_header = options.deadline_header;
  }
  const auto& logged = options.access.headers;
  if (logged.size() > detail::most_logged_headers)
    throw std::invalid_argument(fmt::format("observer_options.access.headers has {} names: it may have {}",
                                            logged.size(), detail::most_logged_headers));
  before.access_log = options.access_log;
  before.trusted_proxies = options.trusted_proxies;
  for (const std::string& name : logged) {
    check_header_name("access.headers", name);
    if (options.access_log != nullptr && detail::known_headers(before).find(name) != detail::all_header_kinds)
      throw std::invalid_argument(fmt::format(
          "observer_options.access.headers has '{}': it is there twice, or its value is in the record anyway", name));
    before.access.headers.push_back(name);
  }
}

observer_options checked(observer_options options) {
  if (options.metrics == nullptr) throw std::invalid_argument("observer_options.metrics is null");
  if (options.max_series == 0) throw std::invalid_argument("observer_options.max_series is 0: it must be at least 1");
  check_time("ignored_after", options.ignored_after, milliseconds(0), std::chrono::hours(1));
  check_time("slow_after", options.slow_after, milliseconds(0), std::chrono::hours(1));
  check_time("largest_deadline", options.largest_deadline, milliseconds(1), std::chrono::hours(24));
  check_time("default_deadline", options.default_deadline, milliseconds(0), std::chrono::hours(24));
  check_header_names(options);
  detail::check_option("observer_options.access.ordinary_ratio", options.access.ordinary_ratio, 0.0, 1.0);
  detail::check_option<std::uint32_t>("observer_options.access.most_protocol_errors",
                                      options.access.most_protocol_errors, 1, 65'535);
  return options;
}

} // namespace

request_observer::request_observer(observer_options options)
    : options_(checked(std::move(options))), known_headers_(options_), proxies_(options_.trusted_proxies) {
  if (options_.recorder != nullptr) const recording can_record(*options_.recorder);
  // A request, the first with a deadline, is not to be the one that learns that there is no thread to be had.
  detail::timer_thread::instance().prepare();
  metrics_ = std::make_unique<metrics>(*options_.metrics, options_.max_series);
  if (options_.access_log != nullptr) access_log_ = std::make_unique<access_log>(options_);
  handlers_ = std::make_shared<detail::handler_watch>(options_.metrics->add(metric_names::handlers_stuck).with({}),
                                                      options_.log, options_.ignored_after);
}

request_observer::~request_observer() { handlers_->close(); }

void request_observer::begun(const exchange_record& facts, detail::request_series& series) noexcept {
  metrics_->begun(facts, series);
}

void request_observer::keep_for_access_log(std::string_view target, const request_headers* headers,
                                           exchange_record& facts) const {
  if (access_log_) access_log_->keep(target, headers, facts);
}

void request_observer::deadline_received(bool expired) noexcept { metrics_->deadline_received(expired); }

void request_observer::finished(const exchange_record& facts, const context& ctx,
                                detail::request_series& series) noexcept {
  metrics_->finished(facts, options_.ignored_after, series);
  if (access_log_) access_log_->write(facts, ctx, series.access_fields);
  if (options_.on_finished) options_.on_finished(facts);
}

std::vector<request_under_way> request_observer::under_way(std::size_t most) const {
  return handlers_->under_way(most);
}

} // namespace weir
