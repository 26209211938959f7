#include "slow_requests.hpp"

#include "weir/log/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace weir::detail {
namespace {

constexpr std::size_t longest_path = 512;
constexpr std::size_t parts_of_window = 6;

} // namespace

slow_requests::slow_requests(std::size_t most, std::chrono::seconds window, std::string events)
    : most_(most), window_(window), events_(std::move(events)) {
  if (most != 0) return;
  floor_ = std::chrono::nanoseconds::max();
  until_ = clock::time_point::max();
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
  // relaxed: written under the mutex.
  if (facts.finished >= until_.load(std::memory_order_relaxed)) begin_part(facts.finished);
  slowest_first& here = parts_.back();
  const auto place = std::ranges::upper_bound(here, took, std::greater<>(), &entry::took);
  if (place != here.end() || here.size() < most_) {
    here.insert(place, std::move(made));
    if (here.size() > most_) here.pop_back();
    ++version_;
  }
  set_gate();
}

/// Under the mutex, as drop_old() and set_gate().
void slow_requests::begin_part(clock::time_point now) {
  drop_old(now);
  parts_.emplace_back().reserve(most_ + 1);
  if (parts_.size() > parts_of_window + 1) parts_.pop_front();
  // relaxed: see the members.
  until_.store(now + clock::duration(window_) / parts_of_window, std::memory_order_relaxed);
}

void slow_requests::drop_old(clock::time_point now) {
  for (slowest_first& each : parts_)
    if (std::erase_if(each, [&](const entry& kept) { return now - kept.finished >= window_; }) != 0) ++version_;
}

void slow_requests::set_gate() noexcept {
  const slowest_first& here = parts_.back();
  // relaxed: see the members.
  floor_.store(here.size() < most_ ? std::chrono::nanoseconds(-1) : here.back().took, std::memory_order_relaxed);
}

std::uint64_t slow_requests::version(clock::time_point now) {
  const std::lock_guard lock(mutex_);
  drop_old(now);
  return version_;
}

void slow_requests::append(text_buffer& out, const log_tail& log) const {
  const std::lock_guard lock(mutex_);
  std::vector<const entry*> slowest;
  for (const slowest_first& part : parts_)
    for (const entry& each : part) slowest.push_back(&each);
  std::ranges::sort(slowest, std::greater<>(), &entry::took);
  if (slowest.size() > most_) slowest.resize(most_);
  for (std::size_t i = 0; i < slowest.size(); ++i) {
    const entry& each = *slowest[i];
    fmt::format_to(fmt::appender(out), R"({}{{"at":{},"seconds":{},"status":{},"outcome":"{}","reason":"{}",)",
                   i == 0 ? "" : ",", each.unix_milliseconds, std::chrono::duration<double>(each.took).count(),
                   each.status, to_string_view(each.outcome),
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
