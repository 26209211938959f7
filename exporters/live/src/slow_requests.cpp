#include "slow_requests.hpp"

#include "weir/log/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace weir::detail {
namespace {

constexpr std::size_t longest_path = 512;

} // namespace

slow_requests::slow_requests(std::size_t most, std::chrono::seconds window, std::string events)
    : most_(most), window_(window), events_(std::move(events)) {
  kept_.reserve(most + 1);
  if (most == 0) floor_ = std::chrono::nanoseconds::max();
}

void slow_requests::consider(const exchange_record& facts) noexcept {
  const std::chrono::nanoseconds took = facts.finished - facts.received;
  // relaxed, both: see the members.
  if (took <= floor_.load(std::memory_order_relaxed) && facts.finished < until_.load(std::memory_order_relaxed))
    return;
  try {
    keep(facts, took);
  } catch (const std::bad_alloc&) {
    // One that is not shown.
  }
}

void slow_requests::keep(const exchange_record& facts, std::chrono::nanoseconds took) {
  if (most_ == 0 || facts.path == events_) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  entry made{.finished = facts.finished,
             .took = took,
             .unix_milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
             .method = facts.method,
             .path = facts.path.substr(0, longest_path),
             .route = facts.route,
             .trace = facts.trace,
             .status = facts.status,
             .outcome = facts.outcome,
             .reason = facts.reason,
             .response_bytes = facts.response_bytes};
  const std::lock_guard lock(mutex_);
  drop_old(facts.finished);
  const auto place = std::ranges::upper_bound(kept_, took, std::greater<>(), &entry::took);
  if (place != kept_.end() || kept_.size() < most_) {
    kept_.insert(place, std::move(made));
    if (kept_.size() > most_) kept_.pop_back();
    ++version_;
  }
  set_gate();
}

/// Under the mutex, as set_gate().
void slow_requests::drop_old(clock::time_point now) {
  if (std::erase_if(kept_, [&](const entry& each) { return now - each.finished >= window_; }) != 0) ++version_;
}

void slow_requests::set_gate() noexcept {
  const auto oldest = std::ranges::min_element(kept_, {}, &entry::finished);
  // relaxed, both: see the members.
  until_.store(oldest == kept_.end() ? clock::time_point::max() : oldest->finished + window_,
               std::memory_order_relaxed);
  floor_.store(kept_.size() < most_ ? std::chrono::nanoseconds(-1) : kept_.back().took, std::memory_order_relaxed);
}

std::uint64_t slow_requests::version(clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (most_ == 0) return version_;
  drop_old(now);
  set_gate();
  return version_;
}

void slow_requests::append(text_buffer& out, const log_tail& log) const {
  const std::lock_guard lock(mutex_);
  for (const entry& each : kept_) {
    fmt::format_to(fmt::appender(out), R"({}{{"at":{},"seconds":{},"status":{},"outcome":"{}","reason":"{}",)",
                   &each == kept_.data() ? "" : ",", each.unix_milliseconds,
                   std::chrono::duration<double>(each.took).count(), each.status, to_string_view(each.outcome),
                   each.reason == cancel_reason::none ? std::string_view() : to_string_view(each.reason));
    weir::append(out, R"("method":)");
    append_json_string(out, each.method);
    weir::append(out, R"(,"path":)");
    append_json_string(out, each.path);
    weir::append(out, R"(,"route":)");
    append_json_string(out, each.route);
    fmt::format_to(fmt::appender(out), R"(,"bytes":{},"trace_id":"{}","span_id":"{}","lines":[)", each.response_bytes,
                   to_hex(each.trace.trace).view(), to_hex(each.trace.span).view());
    log.append_recorded(each.trace.span.value, out);
    weir::append(out, "]}");
  }
}

} // namespace weir::detail
