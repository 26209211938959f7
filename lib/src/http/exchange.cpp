#include "weir/http/exchange.hpp"

#include "http/exchange_facts.hpp"
#include "http/handler_watch.hpp"
#include "weir/http/observer.hpp"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::microseconds;

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

/// Whether the client had left before anything was sent to it. The kernel takes what is written then, as far as there
/// is room, and nobody reads it. By time, not by phase: who leaves with its answer may be noticed before the thread
/// that sent it has set that.
bool left_unanswered(std::uint64_t mark, const exchange_record& facts) noexcept {
  return detail::has_left(reason_of(mark)) && facts.received + time_of(mark) < facts.first_byte;
}

std::optional<microseconds> shorter(std::optional<microseconds> one, std::optional<microseconds> other) noexcept {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

/// How long the caller waits, if it says so.
std::optional<microseconds> time_told(const request_headers& headers) noexcept {
  using detail::bit_of, detail::header_kind;
  if (!headers.has(bit_of(header_kind::deadline) | bit_of(header_kind::grpc_timeout))) return std::nullopt;
  return shorter(parse_timeout(headers.deadline()), parse_grpc_timeout(headers.grpc_timeout()));
}

/// Up to the query; of an absolute target without scheme and authority, which may have a password in it.
std::string_view path_of(std::string_view target) noexcept {
  target = target.substr(0, target.find('?'));
  if (target.starts_with('/')) return target;
  const std::size_t authority = target.find("://");
  if (authority == target.npos) return target;
  const std::size_t path = target.find('/', authority + 3);
  return path == target.npos ? std::string_view("/") : target.substr(path);
}

} // namespace

exchange::exchange(request_observer& observer) noexcept : observer_(&observer), mark_(mark_of_finished) {
  observer.handlers().add(*this);
}

exchange::~exchange() {
  finish();
  observer_->handlers().remove(*this);
}

void exchange::begin(const request_head& head) {
  finish();
  const std::lock_guard hold(watched_);
  narrower_ = {};
  seen_ended_ = {};
  told_ = false;
  facts_.method = head.method;
  facts_.path = path_of(head.target);
  facts_.route.clear();
  begin_client(head);
  facts_.error.clear();
  facts_.version = head.version;
  facts_.status = 0;
  facts_.grpc_status = -1;
  facts_.error_type = {};
  expired_on_arrival_ = false;
  facts_.request_bytes = facts_.response_bytes = 0;
  facts_.received = head.received == clock::time_point{} ? clock::now() : head.received;
  facts_.handler_started = facts_.handler_returned = facts_.first_byte = facts_.finished = {};
  begin_trace(head.headers);
  facts_.reason = cancel_reason::none;
  facts_.phase = request_phase::read;
  facts_.time_to_stop = std::chrono::nanoseconds(-1);
  facts_.request_id.clear();
  observer_->keep_for_access_log(head.target, head.headers, facts_);
  const correlation ids = begin_recording();
  if (is_plain(head))
    context_.begin(observer_->options().base, ids);
  else
    begin_with_extras(head, ids);
  forced_ = request_outcome::completed;
  over_at_ = {};
  response_complete_ = false;
  // relaxed, both: whoever may cancel learns of this exchange through the adapter's own synchronisation.
  phase_.store(request_phase::read, std::memory_order_relaxed);
  mark_.store(0, std::memory_order_relaxed);
  open_ = true;
  observer_->begun(facts_, series_);
}

/// Who has sent it, over what, and by whom it was brought.
void exchange::begin_client(const request_head& head) {
  facts_.scheme = head.scheme == "https" ? "https" : "http";
  facts_.proxy.clear();
  const trusted_proxies& proxies = observer_->proxies();
  if (head.headers == nullptr || proxies.empty()) {
    facts_.peer = head.peer;
    return;
  }
  trusted_proxies::address_buffer buffer;
  const std::string_view client = proxies.client_of(head.peer, head.headers->forwarded_for(), buffer);
  if (client.data() != head.peer.data()) facts_.proxy = head.peer;
  facts_.peer = client;
  facts_.scheme = proxies.scheme_of(head.peer, facts_.scheme, head.headers->forwarded_proto());
}

/// Whether `head` or the options ask for nothing but ids in the context.
bool exchange::is_plain(const request_head& head) const noexcept {
  constexpr std::uint32_t plain = detail::b3_kinds | detail::bit_of(detail::header_kind::traceparent) |
                                  detail::bit_of(detail::header_kind::forwarded_for) |
                                  detail::bit_of(detail::header_kind::forwarded_proto) | detail::logged_kinds;
  const observer_options& options = observer_->options();
  return (head.headers == nullptr || !head.headers->has(~plain)) && !head.timeout &&
         options.request_ids != request_id_policy::always && options.default_deadline.count() == 0;
}

void exchange::begin_trace(const request_headers* headers) noexcept {
  const observer_options& options = observer_->options();
  const trace_headers told = headers != nullptr ? headers->trace() : trace_headers();
  facts_.caller.reset();
  if (options.trust_callers) {
    facts_.trace = make_server_span(told, options.sampling);
    return;
  }
  edge_span edge = make_edge_span(told, options.sampling);
  facts_.trace = std::move(edge.context);
  facts_.caller = edge.caller;
}

correlation exchange::begin_recording() {
  const correlation ids = to_correlation(facts_.trace);
  if (observer_->options().recorder == nullptr) return ids;
  if (!recording_)
    recording_.emplace(*observer_->options().recorder);
  else
    recording_->begin();
  return recording_->attach(ids);
}

void exchange::begin_request_id(std::string_view sent) {
  const request_id_policy policy = observer_->options().request_ids;
  if (policy == request_id_policy::none) return;
  if (const auto usable = parse_request_id(sent))
    facts_.request_id = *usable;
  else if (policy == request_id_policy::always)
    facts_.request_id = random_request_id().view();
}

void exchange::begin_deadline(std::optional<microseconds> given, context_limit& limit) noexcept {
  const observer_options& options = observer_->options();
  if (given && *given <= options.largest_deadline) {
    limit.deadline = facts_.received + std::max(*given, microseconds(0));
    expired_on_arrival_ = limit.deadline <= limit.now;
    observer_->deadline_received(expired_on_arrival_);
  }
  const auto own = options.default_deadline;
  if (own.count() == 0 || limit.deadline <= facts_.received + own) return;
  limit.deadline = facts_.received + own;
  limit.reason = cancel_reason::timeout;
}

void exchange::begin_with_extras(const request_head& head, const correlation& ids) {
  const request_headers* const sent = head.headers;
  begin_request_id(sent != nullptr ? sent->request_id() : std::string_view());
  detail::request_extras extras{.request_id = facts_.request_id, .tracestate = facts_.trace.state.text()};
  if (sent != nullptr) extras.baggages = sent->baggages();
  extras.limit.now = head.received == clock::time_point() ? facts_.received : clock::now();
  begin_deadline(sent != nullptr ? shorter(head.timeout, time_told(*sent)) : head.timeout, extras.limit);
  context_.begin(observer_->options().base, ids, extras);
}

void exchange::handler_started(clock::time_point when) noexcept {
  // relaxed, here and where it ends: whoever looks reads what goes with it under the lock.
  running_.store(true, std::memory_order_relaxed);
  facts_.handler_started = when == clock::time_point{} ? clock::now() : when;
  // relaxed: a label for cancel(), which orders nothing by it.
  phase_.store(request_phase::handler, std::memory_order_relaxed);
}

void exchange::body_awaited() noexcept {
  // relaxed: as in handler_started().
  phase_.store(request_phase::read, std::memory_order_relaxed);
}

void exchange::handler_works_under(context narrower) noexcept {
  if (narrower == ctx()) narrower = {}; // a handle more, and it could not be renewed for the next request
  const std::lock_guard hold(watched_);
  std::swap(narrower_, narrower); // the one before goes after the lock: it may be the last of something
}

bool exchange::note_end(clock::time_point now, const context& under) noexcept {
  if (!under.done()) return false;
  // relaxed: as in cancel().
  const std::uint64_t mark = mark_.load(std::memory_order_relaxed);
  if (mark != 0 && mark != mark_of_finished)
    seen_ended_ = facts_.received + time_of(mark);
  else if (seen_ended_ == clock::time_point{})
    seen_ended_ = std::min(now, under.deadline().value_or(now));
  return true;
}

int exchange::look(clock::time_point now, std::chrono::nanoseconds limit, std::vector<detail::lost_handler>& found) {
  const std::lock_guard hold(watched_);
  const context& under = narrower_.can_be_done() ? narrower_ : ctx();
  // relaxed: see handler_started().
  if (!running_.load(std::memory_order_relaxed) || !note_end(now, under)) return 0;
  if (now - seen_ended_ <= limit) return 0;
  if (!std::exchange(told_, true))
    found.push_back({facts_.method, facts_.path, facts_.route, to_correlation(facts_.trace), under.reason(),
                     now - facts_.received, now - seen_ended_});
  return 1;
}

std::optional<clock::time_point> exchange::running_since() noexcept {
  // relaxed: see handler_started().
  if (!running_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::lock_guard hold(watched_);
  return facts_.received;
}

request_under_way exchange::show(clock::time_point now, std::chrono::nanoseconds limit) {
  const std::lock_guard hold(watched_);
  request_under_way shown{.method = facts_.method,
                          .path = facts_.path,
                          .route = facts_.route,
                          .ids = to_correlation(facts_.trace),
                          .running = now - facts_.received};
  const context& under = narrower_.can_be_done() ? narrower_ : ctx();
  if (note_end(now, under)) {
    shown.since_end = now - seen_ended_;
    shown.reason = under.reason();
    shown.stuck = shown.since_end > limit;
  }
  return shown;
}

void exchange::handler_returned() noexcept {
  // relaxed: see handler_started().
  running_.store(false, std::memory_order_relaxed);
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

unsigned exchange::status_if_late() noexcept {
  if (expired_on_arrival_) {
    refused(cancel_reason::deadline);
    return 504;
  }
  const cancel_reason reason = ctx().reason();
  const auto deadline = ctx().deadline();
  if (!deadline || (reason != cancel_reason::deadline && reason != cancel_reason::timeout)) return 0;
  timed_out(reason, *deadline);
  return reason == cancel_reason::deadline ? 504 : 503;
}

bool exchange::cancel(cancel_reason reason) noexcept {
  if (ctx().done()) return false;
  if (reason == cancel_reason::none) reason = cancel_reason::application;
  std::uint64_t mark = 0;
  // relaxed: the mark is all there is to it; the context has its own synchronisation.
  const bool first = mark_.compare_exchange_strong(mark, make_mark(reason), std::memory_order_relaxed);
  // The one that came first may not have come to this yet: the context is to end for its reason all the same.
  if (first)
    context_.cancel(reason);
  else if (mark != mark_of_finished)
    context_.cancel(reason_of(mark));
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
  if (is_open && (left_unanswered(mark, facts_) || (!response_complete_ && (cancelled || ctx().done())))) {
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
  const bool was_slow = detail::is_slow(facts_, observer_->options().slow_after);
  if (!ended_well(facts_.outcome) || facts_.status >= 500 || !facts_.error_type.empty() || was_slow)
    recording_->emit();
  recording_->end();
}

void exchange::finish() noexcept {
  if (!open_) return;
  open_ = false;
  // relaxed: see handler_started().
  running_.store(false, std::memory_order_relaxed);
  facts_.finished = clock::now();
  std::uint64_t mark = 0;
  // relaxed: as in cancel(). From here on no cancel() has an effect.
  if (mark_.compare_exchange_strong(mark, mark_of_finished, std::memory_order_relaxed)) mark = mark_of_finished;
  settle_outcome(mark);
  if (recording_) settle_recording();
  observer_->finished(facts_, ctx(), series_);
  if (narrower_.can_be_done()) handler_works_under({});
  // Ends what the handler may have left behind; the outcome stands.
  context_.end();
}

} // namespace weir
