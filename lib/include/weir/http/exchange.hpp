// The exchange: one HTTP request and its response, followed from the first byte read to the last byte written.
#pragma once

#include "weir/context.hpp"
#include "weir/context/small_mutex.hpp"
#include "weir/http/outcome.hpp"
#include "weir/http/request_context.hpp"
#include "weir/http/request_headers.hpp"
#include "weir/http/request_under_way.hpp"
#include "weir/log/carried_fields.hpp"
#include "weir/log/recording.hpp"
#include "weir/trace.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

class request_observer;
class gauge;
class histogram;

/// What is known of a request when its header has been read. Views are copied by exchange::begin().
struct request_head {
  std::string_view method{};        ///< as sent: "GET"
  std::string_view target{};        ///< as sent
  std::string_view scheme = "http"; ///< "http" or "https"
  std::string_view peer{};          ///< the address at the connection's other end
  unsigned version = 11;            ///< 10, 11 or 20
  /// Those that say who calls, and for how long it waits; nullptr: none.
  const request_headers* headers = nullptr;
  /// When its first byte was read; the epoch means now.
  std::chrono::steady_clock::time_point received{};
  /// How long the caller waits from `received` on, where the server itself has read that, as gRPC's does. Of this and
  /// what headers say the shorter time counts.
  std::optional<std::chrono::microseconds> timeout{};
};

/// All that is told about a finished exchange: metrics, access log and span are made of this one value, so they
/// cannot disagree.
struct exchange_record {
  using time_point = std::chrono::steady_clock::time_point;

  std::string method, path, route, peer, error; // route: the template; empty if none matched. error: what was thrown
  std::string proxy; // the one that brought it, where peer is a client behind it (observer_options::trusted_proxies)
  std::string request_id; // empty if it has none
  // Of what only the access log wants (access_log_options), and empty without that.
  std::string query;                // without the question mark
  std::vector<std::string> headers; // those of access_log_options::headers, in that order
  std::string_view scheme = "http";
  unsigned version = 11;
  unsigned status = 0;           // 0: none was sent
  int grpc_status = -1;          // of an RPC: its code; -1: none was sent
  std::string_view error_type{}; // of a completed one that has failed by it: the code's name; a literal
  std::uint64_t request_bytes = 0, response_bytes = 0;                                    // of the bodies
  time_point received{}, handler_started{}, handler_returned{}, first_byte{}, finished{}; // the epoch: did not happen
  trace_context trace{};
  std::optional<trace_link> caller{}; // of a caller that is not trusted: its trace, which was not continued
  request_outcome outcome = request_outcome::failed;
  cancel_reason reason = cancel_reason::none; // of a cancelled, timed out or refused one
  request_phase phase = request_phase::read;  // where that found it
  std::chrono::nanoseconds time_to_stop{-1};  // from the signal until the handler returned; negative: unknown

  bool was_cut_short() const noexcept {
    return outcome == request_outcome::cancelled || outcome == request_outcome::timed_out;
  }
};

/// What exchange::copy() returns: a request apart from its exchange. A value: it refers to nothing, may be copied,
/// handed to any thread, and outlive the connection and the server.
struct request_snapshot {
  context ctx;           ///< the request's values and log ids; nothing ends it, and it has no deadline
  exchange_record facts; ///< as far as they had come
};

namespace detail {

class handler_watch;

/// The series that the last request of a connection was counted in, and what they were looked up by: requests that
/// follow one another on a connection are mostly of one kind.
struct request_series {
  gauge* active = nullptr; // of the request under way: one for each method and scheme
  histogram* duration = nullptr;
  histogram* request_size = nullptr;
  histogram* response_size = nullptr;
  const gauge* counted_active = nullptr; // stands for method and scheme
  std::string route;
  std::string_view error_type;
  unsigned version = 0, status = 0;
  request_outcome outcome = request_outcome::completed;
  cancel_reason reason = cancel_reason::none;
  field_list access_fields; // of the access record, while it is written
};

/// A handler that goes on though its request has ended.
struct lost_handler {
  std::string method, path, route;
  correlation ids;
  cancel_reason reason = cancel_reason::none;
  std::chrono::nanoseconds running{}, since_end{};
};

} // namespace detail

/// Follows one request at a time: begin(), the steps in between as far as they happen, finish(). An adapter keeps one
/// per connection and begins it anew for every request, so its strings keep their memory. Whatever way out is taken,
/// the request is counted exactly once: finish() counts, a second finish() does nothing, and the destructor or the
/// next begin() finishes what is still open as failed.
///
/// Thread safety: used by one thread at a time, except cancel(), which is thread-safe from the return of begin()
/// until the next begin() or the destructor. Lifetime: the observer outlives it.
class exchange {
 public:
  explicit exchange(request_observer& observer) noexcept;
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  ~exchange();

  /// A request has come. Makes its context (a child of the observer's) with the trace ids of the caller, or new ones,
  /// its baggage and request id, and the earlier one of its and the server's deadline.
  /// Errors: std::bad_alloc, or std::system_error if a deadline's timer thread cannot be started; nothing is begun
  /// then.
  void begin(const request_head& head);
  bool is_open() const noexcept { return open_; }
  /// Whether the caller's time was over when the request came: its context is done, for the reason deadline. Nobody
  /// waits for the handler; the adapter does not run it, calls refused(cancel_reason::deadline) and answers 504.
  bool expired_on_arrival() const noexcept { return expired_on_arrival_; }
  const request_observer& observer() const noexcept { return *observer_; }

  /// Ended by cancel(), with the observer's, and by finish() for whoever still has a copy; carries the ids. The
  /// background before the first begin().
  const context& ctx() const noexcept { return context_.ctx(); }
  const exchange_record& facts() const noexcept { return facts_; }

  /// For work that outlives the request: what it needs to know, and to log under the same ids, without the request's
  /// end. Give it a deadline of its own. On the exchange's thread, between begin() and the next one.
  /// Errors: throws std::bad_alloc. Cost: copies the strings; an allocation for the context.
  request_snapshot copy() const { return {without_cancel(ctx()), facts_}; }

  /// The template that the router matched, for labels: "/download/{file}".
  void set_route(std::string_view route) {
    const std::lock_guard hold(watched_);
    facts_.route = route;
  }
  void add_request_bytes(std::uint64_t bytes) noexcept { facts_.request_bytes += bytes; }

  /// `when`, here and below, for an adapter that has just read the clock; the epoch means now.
  void handler_started(std::chrono::steady_clock::time_point when = {}) noexcept;
  /// For an adapter under which the handler, or what runs around it, waits for the body: it is the client again that
  /// is waited for, and the phase read, until handler_started() is called once more.
  void body_awaited() noexcept;
  void handler_returned() noexcept;
  /// The handler works under `narrower` from now on, a descendant of ctx() with a time limit of its own: what goes on
  /// after its end is a handler that ignores it.
  void handler_works_under(context narrower) noexcept;
  /// The handler threw; `what` is kept for the log, up to 512 bytes. The outcome will be failed, unless the request
  /// is cancelled or timed out by then: an exception is what such a handler often ends with.
  void handler_threw(std::string_view what);

  /// The response's header goes out: called, or `when`, before it does, as a client that is found to have left
  /// earlier has not read it.
  void response_started(unsigned status, std::chrono::steady_clock::time_point when = {}) noexcept;
  void add_response_bytes(std::uint64_t bytes) noexcept { facts_.response_bytes += bytes; }
  /// What an RPC ends with, beside HTTP's 200. `error_type`: a literal with the code's name if that says that the
  /// server has failed, and empty otherwise; it becomes the label error_type of a completed exchange.
  void set_grpc_status(int code, std::string_view error_type) noexcept {
    facts_.grpc_status = code;
    facts_.error_type = error_type;
  }
  /// Its last byte was taken by the connection: from now on a client that leaves changes nothing.
  void response_completed() noexcept { response_complete_ = true; }
  /// The same of a response after which the connection speaks another protocol, as after WebSocket's 101 (RFC 9110
  /// section 7.8) or CONNECT's 200: the outcome will be upgraded, and what happens there is no part of this exchange.
  void upgraded() noexcept {
    force(request_outcome::upgraded);
    response_complete_ = true;
  }

  /// Ends the request's context for this reason, and notes the moment and the phase. The outcome will be cancelled,
  /// or timed_out, unless the response is written to its end all the same; of a client that has left (client_closed,
  /// client_reset) before response_started() in any case, as nobody reads what is written then. Thread-safe.
  /// Returns whether this call was the one that did it: of any number of calls, and finish(), only the first has an
  /// effect. The context is done when it returns, whoever did it. `none` counts as application.
  bool cancel(cancel_reason reason) noexcept;

  /// What to answer where the request's time is over, before or while it was handled: 504 if that was its caller's,
  /// 503 if it was the server's own. The exchange then counts as refused or timed_out, whatever is sent. 0: it is not
  /// over, or something else has ended the request.
  unsigned status_if_late() noexcept;

  // Of these three and handler_threw() the first one called determines the outcome.

  /// The handler's time was over at `when` (the epoch: now): the outcome will be timed_out, whatever is sent in place
  /// of its response.
  void timed_out(cancel_reason reason = cancel_reason::timeout,
                 std::chrono::steady_clock::time_point when = {}) noexcept;
  /// Turned away: the outcome will be refused.
  void refused(cancel_reason reason) noexcept;
  /// The client broke the protocol: the outcome will be protocol_error. `what` is kept for the log, up to 512 bytes.
  void protocol_error(std::string_view what);

  /// The end. Determines the outcome, and hands the facts to the observer. Does nothing if not open. Never throws.
  void finish() noexcept;

 private:
  friend class detail::handler_watch;
  /// 1 if there is a handler that has been going on for longer than `limit` since its context ended, else 0. Adds it
  /// to `found` once. Thread-safe.
  int look(std::chrono::steady_clock::time_point now, std::chrono::nanoseconds limit,
           std::vector<detail::lost_handler>& found);
  /// When the request was received, if its handler is running. Thread-safe.
  std::optional<std::chrono::steady_clock::time_point> running_since() noexcept;
  request_under_way show(std::chrono::steady_clock::time_point now, std::chrono::nanoseconds limit);
  /// Notes when its context ended, as far as that can be known; false if it has not. Under `watched_`.
  bool note_end(std::chrono::steady_clock::time_point now, const context& under) noexcept;
  bool is_plain(const request_head& head) const noexcept;
  void begin_client(const request_head& head);
  void begin_trace(const request_headers* headers) noexcept;
  correlation begin_recording();
  void begin_with_extras(const request_head& head, const correlation& ids);
  void begin_request_id(std::string_view sent);
  void begin_deadline(std::optional<std::chrono::microseconds> given, context_limit& limit) noexcept;
  void force(request_outcome outcome) noexcept;
  void settle_recording() noexcept;
  std::uint64_t make_mark(cancel_reason reason) const noexcept;
  void settle_outcome(std::uint64_t mark) noexcept;
  void settle_time_to_stop(std::chrono::steady_clock::time_point signalled) noexcept;

  request_observer* observer_;
  exchange_record facts_;
  detail::request_series series_;
  detail::request_context context_;
  std::optional<recording> recording_;                  // of who has a recorder, from the first begin() on
  request_outcome forced_ = request_outcome::completed; // completed: none
  std::chrono::steady_clock::time_point over_at_{};     // of a timed-out one
  bool open_ = false;
  bool response_complete_ = false;
  bool expired_on_arrival_ = false;
  std::atomic<request_phase> phase_{request_phase::read};
  // Whoever sets this first, a cancel() or finish(), has settled whether the request was cancelled. 0: open.
  std::atomic<std::uint64_t> mark_;

  // Of the handler_watch. What it reads is written under `watched_`, or atomic.
  detail::small_mutex watched_;
  std::atomic<bool> running_{false};
  context narrower_; // the background: none
  std::chrono::steady_clock::time_point seen_ended_{};
  bool told_ = false;
  exchange* next_watched_ = nullptr;
  exchange* previous_watched_ = nullptr;
};

} // namespace weir
