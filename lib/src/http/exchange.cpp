#include "weir/http/exchange.hpp"

#include "weir/http/observer.hpp"

#include <utility>

namespace weir {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t longest_error = 512;

request_phase phase_of(std::uint64_t mark) noexcept { return static_cast<request_phase>((mark >> 1) & 3U); }
std::chrono::nanoseconds time_of(std::uint64_t mark) noexcept {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(mark >> 3));
}

}  // namespace

exchange::~exchange() { finish(); }

void exchange::begin(const request_head& head) {
  finish();
  const observer_options& options = observer_->options();
  trace_context trace = options.trust_callers ? make_server_span(head.traceparents, head.tracestates)
                                              : make_edge_span(head.traceparents).context;
  auto [ctx, cancel] = with_cancel(with_correlation(options.base, to_correlation(trace)));

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
  facts_.trace = std::move(trace);
  facts_.reason = cancel_reason::none;
  facts_.phase = request_phase::read;
  facts_.time_to_stop = std::chrono::nanoseconds(-1);

  ctx_ = std::move(ctx);
  cancel_ = std::move(cancel);
  forced_ = request_outcome::completed;
  response_complete_ = false;
  // relaxed, both: whoever may cancel learns of this exchange through the adapter's own synchronisation.
  phase_.store(request_phase::read, std::memory_order_relaxed);
  cancel_mark_.store(0, std::memory_order_relaxed);
  open_ = true;
  observer_->begun(facts_);
}

void exchange::handler_started() noexcept {
  facts_.handler_started = clock::now();
  // relaxed: a label for cancel(), which orders nothing by it.
  phase_.store(request_phase::handler, std::memory_order_relaxed);
}

void exchange::handler_returned() noexcept {
  if (facts_.handler_returned == clock::time_point{}) facts_.handler_returned = clock::now();
}

void exchange::handler_threw(std::string_view what) {
  handler_returned();
  forced_ = request_outcome::failed;
  facts_.error = what.substr(0, longest_error);
}

void exchange::response_started(unsigned status) noexcept {
  facts_.status = status;
  facts_.first_byte = clock::now();
  // relaxed: as in handler_started().
  phase_.store(request_phase::write, std::memory_order_relaxed);
}

std::uint64_t exchange::mark_now() const noexcept {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - facts_.received).count();
  // relaxed: a label.
  const auto phase = static_cast<std::uint64_t>(phase_.load(std::memory_order_relaxed));
  return static_cast<std::uint64_t>(since) << 3 | phase << 1 | 1U;
}

bool exchange::cancel(cancel_reason reason) noexcept {
  if (ctx_.done()) return false;
  std::uint64_t none = 0;
  // relaxed: read by finish(), after the adapter has stopped whoever may cancel.
  const bool first = cancel_mark_.compare_exchange_strong(none, mark_now(), std::memory_order_relaxed);
  cancel_(reason);
  return first;
}

void exchange::timed_out(cancel_reason reason) noexcept {
  if (forced_ != request_outcome::completed) return;
  forced_ = request_outcome::timed_out;
  facts_.reason = reason;
  // relaxed: as in cancel().
  facts_.phase = phase_.load(std::memory_order_relaxed);
}

void exchange::refused(cancel_reason reason) noexcept {
  forced_ = request_outcome::refused;
  facts_.reason = reason;
  // relaxed: as in cancel().
  facts_.phase = phase_.load(std::memory_order_relaxed);
}

void exchange::protocol_error(std::string_view what) {
  forced_ = request_outcome::protocol_error;
  facts_.error = what.substr(0, longest_error);
}

void exchange::settle_outcome() noexcept {
  facts_.outcome = forced_;
  // relaxed: as in cancel().
  const std::uint64_t mark = cancel_mark_.load(std::memory_order_relaxed);
  // An exception is what a cancelled handler often ends with; the client that left is then what it was about.
  const bool gone = ctx_.done() && !response_complete_ && forced_ != request_outcome::protocol_error &&
                    forced_ != request_outcome::refused && forced_ != request_outcome::timed_out;
  if (gone) {
    facts_.outcome = request_outcome::cancelled;
    facts_.reason = ctx_.reason();
    // relaxed: a label.
    facts_.phase = mark != 0 ? phase_of(mark) : phase_.load(std::memory_order_relaxed);
    if (facts_.reason == cancel_reason::deadline || facts_.reason == cancel_reason::timeout)
      facts_.outcome = request_outcome::timed_out;
    if (mark != 0) {
      const auto stopped = facts_.handler_returned == clock::time_point{} ? facts_.finished : facts_.handler_returned;
      const auto took = stopped - (facts_.received + time_of(mark));
      // Negative: the handler had returned before, there was nothing to stop.
      facts_.time_to_stop = took.count() < 0 ? std::chrono::nanoseconds(0) : took;
    }
  } else if (facts_.outcome == request_outcome::completed && !response_complete_) {
    facts_.outcome = request_outcome::failed;
    if (facts_.error.empty()) facts_.error = "given up";  // fits without an allocation
  }
}

void exchange::finish() noexcept {
  if (!open_) return;
  open_ = false;
  facts_.finished = clock::now();
  settle_outcome();
  observer_->finished(facts_, ctx_);
  // Ends what the handler may have left behind; the outcome stands.
  cancel_(cancel_reason::application);
}

}  // namespace weir
