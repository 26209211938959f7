// The observer: takes finished exchanges and feeds metrics and the access log.
#pragma once

#include "weir/context.hpp"
#include "weir/http/access_log.hpp"
#include "weir/http/deadline_header.hpp"
#include "weir/http/exchange.hpp"
#include "weir/http/request_headers.hpp"
#include "weir/http/request_under_way.hpp"
#include "weir/http/trusted_proxies.hpp"
#include "weir/log/logger.hpp"
#include "weir/log/stream.hpp"
#include "weir/metrics.hpp"
#include "weir/trace/sampler.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Whether requests have an id besides their trace's.
enum class request_id_policy : std::uint8_t {
  none,   ///< no
  accept, ///< if a trusted caller has sent one that parse_request_id() takes
  always, ///< if it has not, or is not trusted, a new one is made: a UUID
};

/// What an observer does with exchanges.
struct observer_options {
  /// Where the metrics of metric_names go. Default: the process's registry.
  metrics_registry* metrics = &default_metrics();
  /// How many series each family of the requests may have, as family_options::max_series: default 1000, from 1.
  /// Beyond it routes become `_overflow`; method, status and error stay. One that is in the registry already, made
  /// by another observer for example, keeps what it was made with.
  std::size_t max_series = 1000;
  /// The logger of the access log: one record a request. nullptr: no access log.
  logger* access_log = nullptr;
  /// What it says, and of which requests.
  access_log_options access{};
  /// The stream whose flight recorder keeps what requests log below the level (log_options::recorder is set), or
  /// nullptr for none. It is emitted, before the access record, when a request does not end as completed, is answered
  /// with 5xx, or is slow; and forgotten otherwise.
  log_stream* recorder = nullptr;
  /// A request that takes longer than this is slow; 0 (default), none is, to 1 hour. For the recorder, and for the
  /// level of its access record.
  std::chrono::milliseconds slow_after{0};
  /// Whether callers are believed: their trace is continued, their tracestate, baggage and request id taken over.
  /// False for the edge of a system: every request starts a trace, and the caller's stands in the access record as
  /// `caller.trace_id`, `caller.span_id`. Deadlines are taken from everybody: who sends one gives up by himself.
  bool trust_callers = true;
  /// Proxies that are believed, as addresses and networks (see trusted_proxies.hpp): `10.0.0.0/8`. The client's
  /// address in the access record is then the one that their X-Forwarded-For tells, and theirs is
  /// `network.peer.address`; and the scheme, in access record and metrics, is what the first entry of their
  /// X-Forwarded-Proto says, `http` or `https`, as where they end TLS. The outermost has to set both headers, and not
  /// to hand on its clients'. Default: none are; what the headers say is anybody's invention.
  std::vector<std::string> trusted_proxies{};
  /// Whether B3 headers say who the caller is where there is no usable `traceparent`.
  bool accept_b3 = true;
  /// Which requests' traces are recorded; default: what a trusted caller has decided, all where nobody has.
  sampler sampling{};
  /// Default accept: `always` costs a request some five hundred instructions, and the 36 bytes of a UUID in record
  /// and response.
  request_id_policy request_ids = request_id_policy::accept;
  /// The name of the header with the time for which the caller waits, see parse_timeout(); up to 63
  /// letters, digits and `- _ .`. `grpc-timeout` is read as well; of both the shorter time counts. Empty: none is
  /// read.
  std::string deadline_header{default_deadline_header};
  /// A caller's time above this is as good as none; 1 ms to 24 hours. Raising it keeps timers for longer.
  std::chrono::milliseconds largest_deadline{std::chrono::hours(1)};
  /// How long a request may take whose caller does not say, or says more; then its context ends for the reason
  /// timeout. 0 (default) for ever, to 24 hours. Costs a request a timer, a connection an allocation.
  std::chrono::milliseconds default_deadline{0};
  /// The parent of all requests' contexts; ending it cancels them all, as a shutdown does.
  context base{};
  /// A handler that goes on for longer than this after its request was cancelled counts as ignoring it. 0 to 1 hour.
  /// While it goes on it counts in the gauge weir_handlers_stuck, and is named in `log`, both within a second or half
  /// of this time, whichever is shorter.
  std::chrono::milliseconds ignored_after{1000};
  /// Where the observer itself says something. nullptr (default): the logger `weir.http` of default_log(). Its
  /// overflow policy should not be to block, as that would hold up the deadlines of all contexts.
  logger* log = nullptr;
  /// Told of every finished request, after metrics and access log, on the thread that finished it. Must be quick and
  /// not throw; the record is valid during the call. Default: nobody is.
  std::function<void(const exchange_record&)> on_finished{};
};

/// One per server. Thread-safe. Lifetime: outlives its exchanges; its registry and logger outlive it.
/// Errors: throws std::invalid_argument naming an option that is out of range, what the registry throws, and
/// std::system_error if there is no thread to be had for the deadlines of its requests.
class request_observer {
 public:
  explicit request_observer(observer_options options);
  ~request_observer();
  request_observer(const request_observer&) = delete;
  request_observer& operator=(const request_observer&) = delete;

  const observer_options& options() const noexcept { return options_; }

  /// The requests whose handlers are running, at most `most` of them, those that have been for longest first. Errors:
  /// throws std::bad_alloc. Cost: a look at each open connection, during which none can be opened or closed: some
  /// 20 ns each.
  std::vector<request_under_way> under_way(std::size_t most) const;

  /// For request_headers and exchange.
  const detail::known_headers& known_headers() const noexcept { return known_headers_; }
  const weir::trusted_proxies& proxies() const noexcept { return proxies_; }
  /// Keeps of a request what only the access log wants. Throws std::bad_alloc.
  void keep_for_access_log(std::string_view target, const request_headers* headers, exchange_record& facts) const;

  /// Called by exchange.
  detail::handler_watch& handlers() const noexcept { return *handlers_; }
  void deadline_received(bool expired) noexcept;
  void begun(const exchange_record& facts, detail::request_series& series) noexcept;
  void finished(const exchange_record& facts, const context& ctx, detail::request_series& series) noexcept;

 private:
  class metrics;
  class access_log;

  observer_options options_;
  detail::known_headers known_headers_;
  weir::trusted_proxies proxies_;
  std::unique_ptr<metrics> metrics_;
  std::unique_ptr<access_log> access_log_; // or null
  std::shared_ptr<detail::handler_watch> handlers_;
};

} // namespace weir
