#include "weir/live/page.hpp"

#include "access_rule.hpp"
#include "document.hpp"
#include "log/option_check.hpp"
#include "page_state.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace weir {
namespace {

using header = std::pair<std::string_view, std::string_view>;
constexpr header not_stored{"Cache-Control", "no-store"};
constexpr header not_sniffed{"X-Content-Type-Options", "nosniff"};
constexpr header not_referred{"Referrer-Policy", "no-referrer"};
constexpr header own_site_only{"Cross-Origin-Resource-Policy", "same-origin"};

live_options checked(live_options options) {
  using detail::check_option;
  if (options.metrics == nullptr) throw std::invalid_argument("live_options.metrics is null");
  if (!options.path.starts_with('/') || options.path.ends_with('/'))
    throw std::invalid_argument(
        fmt::format("live_options.path is '{}': it must begin with a slash and not end with one", options.path));
  check_option<std::size_t>("live_options.most_viewers", options.most_viewers, 1, 1000);
  check_option<std::int64_t>("live_options.interval", options.interval.count(), 100, 60'000);
  check_option<std::size_t>("live_options.log_records", options.log_records, 1, 500);
  check_option<unsigned>("live_options.log_records_per_second", options.log_records_per_second, 1, 10'000);
  check_option<std::size_t>("live_options.slow_requests", options.slow_requests, 0, 100);
  check_option<std::int64_t>("live_options.slow_window", options.slow_window.count(), 1, 3600);
  return options;
}

live_answer refused(unsigned status, std::string_view why) {
  static constexpr std::array headers{header{"Content-Type", "text/plain; charset=utf-8"}, not_stored, not_sniffed,
                                      header{"WWW-Authenticate", "Bearer"}};
  // The challenge belongs to 401 alone: no token helps against the others (RFC 9110, section 11.6.1).
  const std::span all(headers);
  return {status, status == 401 ? all : all.first(headers.size() - 1), why};
}

/// nullopt: it may see the page.
std::optional<live_answer> refusal(const live_visitor& visitor, const operator_access& access) {
  switch (detail::judge(visitor, access)) {
  case operator_verdict::allowed:
    return std::nullopt;
  case operator_verdict::token_wanted:
    return refused(401, "This page wants its token: behind its address, as ?token=...\n");
  case operator_verdict::forbidden:
    break;
  }
  return refused(403, "This page is for browsers on the server's own machine, at a loopback address.\n");
}

} // namespace

live_page::live_page(live_options options) : state_(std::make_unique<state>(checked(std::move(options)))) {}
live_page::~live_page() = default;

const live_options& live_page::options() const noexcept { return state_->options; }
std::shared_ptr<sink> live_page::log_sink() const { return state_->tail; }

std::function<void(const exchange_record&)> live_page::on_finished() const {
  return [slow = &state_->slow](const exchange_record& facts) { slow->consider(facts); };
}

void live_page::show(const log_stream& stream, const request_observer& observer) {
  state_->stream = &stream;
  state_->observer = &observer;
  state_->make_families();
}

live_answer live_page::document(const live_visitor& visitor) const {
  static const std::array headers{header{"Content-Type", "text/html; charset=utf-8"},
                                  header{"Content-Security-Policy", detail::live_document_policy},
                                  not_stored,
                                  not_sniffed,
                                  not_referred,
                                  own_site_only,
                                  header{"Cross-Origin-Opener-Policy", "same-origin"}};
  if (const auto no = refusal(visitor, state_->options.access)) return *no;
  return {200, headers, detail::live_document};
}

void live_page::close() noexcept {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
}

live_viewer::live_viewer(live_page& page, const live_visitor& visitor) : page_(page) {
  static constexpr std::array headers{header{"Content-Type", "text/event-stream"}, not_stored, not_sniffed,
                                      own_site_only, header{"X-Accel-Buffering", "no"}};
  if (const auto no = refusal(visitor, page.options().access)) {
    answer_ = *no;
  } else if (says_foreign_page([&](std::string_view name) {
               return name == "Host" ? requested_host(visitor.target, visitor.header(name)) : visitor.header(name);
             })) {
    answer_ = refused(403, "Another site's page asked for this.\n");
  } else if (!page.state_->admit()) {
    answer_ = refused(503, "As many look at this page as may.\n");
  } else {
    answer_ = {200, headers, {}};
    admitted_ = true;
  }
}

live_viewer::~live_viewer() {
  if (admitted_) page_.state_->dismiss();
}

std::shared_ptr<const std::string> live_viewer::next() { return page_.state_->next(seen_); }

std::chrono::nanoseconds live_viewer::until_next() const { return page_.state_->until_next(); }

} // namespace weir
