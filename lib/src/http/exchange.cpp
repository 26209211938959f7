#include "weir/http/exchange.hpp"

#include "weir/http/observer.hpp"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t longest_error = 512;

// The mark: when, where and why the first cancel came, in one word, so that all of it is the same call's.
//
//   63            8 7        4 3      2  1         0
//   | nanoseconds  | reason   | phase  | 0        | 1 |   cancelled; the nanoseconds since `received`
//   | 0                                | 1        | 1 |   finished, and not cancelled by then
constexpr std::uint64_t mark_of_finished = 3;

request_phase phase_of(std::uint64_t mark) noexcept { return static_cast<request_phase>(mark >> 2 & 3U); }
cancel_reason reason_of(std::uint64_t mark) noexcept { return static_cast<cancel_reason>(mark >> 4 & 15U); }
std::chrono::nanoseconds time_of(std::uint64_t mark) noexcept {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(mark >> 8));
}

} // namespace

exchange::exchange(request_observer& observer) noexcept : observer_(&observer), mark_(mark_of_finished) {}

exchange::~exchange() { finish(); }

void exchange::begin(const request_head& head) {
  finish();
  const observer_options& options = observer_->options();
  facts_.method = head.method;
  facts_.path = head.target.substr(0, head.target.find('?'));
  facts_.route.clear();
  facts_.peer = head.peer;
  facts_.error.clear();
  facts_.scheme = head.scheme == "https" ? "https" : "http";
  facts_.version = head.version;
  facts_.status = 0;
  facts_.request_bytes = facts_.response_bytes = 0;
  facts_.received = head.received == clock::time_point{} ? clock::now() : head.received;
  facts_.handler_started = facts_.handler_returned = facts_.first_byte = facts_.finished = {};
  facts_.trace = options.trust_callers ? make_server_span(head.traceparents, head.tracestates)
                                       : make_edge_span(head.traceparents).context;
  facts_.reason = cancel_reason::none;
  facts_.phase = request_phase::read;
  facts_.time_to_stop = std::chrono::nanoseconds(-1);

  correlation ids = to_correlation(facts_.trace);
  if (options.recorder != nullptr) {
    if (!recording_)
      recording_.emplace(*options.recorder);
    else
      recording_->begin();
    ids = recording_->attach(ids);
  }
  renew(current_, options.base, ids);
  forced_ = request_outcome::completed;
  over_at_ = {};
  response_complete_ = false;
  // relaxed, both: whoever may cancel learns of this exchange through the adapter's own synchronisation.
  phase_.store(request_phase::read, std::memory_order_relaxed);
  mark_.store(0, std::memory_order_relaxed);
  open_ = true;
  observer_->begun(facts_, series_);
}

void exchange::handler_started(clock::time_point when) noexcept {
  facts_.handler_started = when == clock::time_point{} ? clock::now() : when;
  // relaxed: a label for cancel(), which orders nothing by it.
  phase_.store(request_phase::handler, std::memory_order_relaxed);
}

void exchange::handler_returned() noexcept {
  if (facts_.handler_returned == clock::time_point{}) facts_.handler_returned = clock::now();
}

void exchange::handler_threw(std::string_view what) {
  handler_returned();
  force(request_outcome::failed);
  facts_.error = what.substr(0, longest_error);
}

void exchange::response_started(unsigned status, clock::time_point when) noexcept {
  facts_.status = status;
  facts_.first_byte = when == clock::time_point{} ? clock::now() : when;
  // relaxed: as in handler_started().
  phase_.store(request_phase::write, std::memory_order_relaxed);
}

std::uint64_t exchange::make_mark(cancel_reason reason) const noexcept {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - facts_.received).count();
  // relaxed: a label.
  const auto phase = static_cast<std::uint64_t>(phase_.load(std::memory_order_relaxed));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0)) << 8 | static_cast<std::uint64_t>(reason) << 4 |
         phase << 2 | 1U;
}

bool exchange::cancel(cancel_reason reason) noexcept {
  if (ctx().done()) return false;
  if (reason == cancel_reason::none) reason = cancel_reason::application;
  std::uint64_t mark = 0;
  // relaxed: the mark is all there is to it; the context has its own synchronisation.
  const bool first = mark_.compare_exchange_strong(mark, make_mark(reason), std::memory_order_relaxed);
  // The one that came first may not have come to this yet: the context is to end for its reason all the same.
  if (first)
    current_.cancel(reason);
  else if (mark != mark_of_finished)
    current_.cancel(reason_of(mark));
  return first;
}

void exchange::force(request_outcome outcome) noexcept {
  if (forced_ == request_outcome::completed) forced_ = outcome;
}

void exchange::timed_out(cancel_reason reason, clock::time_point when) noexcept {
  if (forced_ != request_outcome::completed) return;
  forced_ = request_outcome::timed_out;
  over_at_ = when == clock::time_point{} ? clock::now() : when;
  facts_.reason = reason;
  // relaxed: as in make_mark().
  facts_.phase = phase_.load(std::memory_order_relaxed);
}

void exchange::refused(cancel_reason reason) noexcept {
  if (forced_ != request_outcome::completed) return;
  forced_ = request_outcome::refused;
  facts_.reason = reason;
  // relaxed: as in make_mark().
  facts_.phase = phase_.load(std::memory_order_relaxed);
}

void exchange::protocol_error(std::string_view what) {
  force(request_outcome::protocol_error);
  facts_.error = what.substr(0, longest_error);
}

void exchange::settle_outcome(std::uint64_t mark) noexcept {
  const bool cancelled = mark != mark_of_finished;
  facts_.outcome = forced_;
  // What a handler threw after its client had left is about that; the three others have said what they are about.
  const bool is_open = forced_ == request_outcome::completed || forced_ == request_outcome::failed;
  if (is_open && !response_complete_ && (cancelled || ctx().done())) {
    facts_.reason = ctx().done() ? ctx().reason() : reason_of(mark);
    // relaxed: as in make_mark().
    facts_.phase = cancelled ? phase_of(mark) : phase_.load(std::memory_order_relaxed);
    facts_.outcome = facts_.reason == cancel_reason::deadline || facts_.reason == cancel_reason::timeout
                         ? request_outcome::timed_out
                         : request_outcome::cancelled;
    if (cancelled)
      settle_time_to_stop(facts_.received + time_of(mark));
    else if (const auto deadline = ctx().deadline(); deadline && facts_.outcome == request_outcome::timed_out)
      settle_time_to_stop(*deadline);
  } else if (forced_ == request_outcome::timed_out) {
    settle_time_to_stop(over_at_);
  } else if (forced_ == request_outcome::completed && !response_complete_) {
    facts_.outcome = request_outcome::failed;
    if (facts_.error.empty()) facts_.error = "given up"; // fits without an allocation
  }
}

void exchange::settle_time_to_stop(clock::time_point signalled) noexcept {
  const auto stopped = facts_.handler_returned == clock::time_point{} ? facts_.finished : facts_.handler_returned;
  // Had the handler returned before the signal, there was nothing to stop.
  facts_.time_to_stop = std::max<std::chrono::nanoseconds>(stopped - signalled, std::chrono::nanoseconds(0));
}

void exchange::settle_recording() noexcept {
  const auto slow_after = observer_->options().slow_after;
  const bool was_slow = slow_after.count() != 0 && facts_.finished - facts_.received > slow_after;
  if (facts_.outcome != request_outcome::completed || facts_.status >= 500 || was_slow) recording_->emit();
  recording_->end();
}

void exchange::finish() noexcept {
  if (!open_) return;
  open_ = false;
  facts_.finished = clock::now();
  std::uint64_t mark = 0;
  // relaxed: as in cancel(). From here on no cancel() has an effect.
  if (mark_.compare_exchange_strong(mark, mark_of_finished, std::memory_order_relaxed)) mark = mark_of_finished;
  settle_outcome(mark);
  if (recording_) settle_recording();
  observer_->finished(facts_, ctx(), series_);
  // Ends what the handler may have left behind; the outcome stands.
  retire(current_);
}

} // namespace weir
