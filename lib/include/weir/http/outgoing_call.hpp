// One request that is sent while another is worked for: its span, its metrics, its record.
#pragma once

#include "weir/context.hpp"
#include "weir/http/outgoing_headers.hpp"
#include "weir/log/logger.hpp"
#include "weir/metrics.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace weir {

/// What becomes of calls.
struct call_observer_options {
  /// Where http_client_request_duration_seconds goes. Default: the process's registry.
  metrics_registry* metrics = &default_metrics();
  /// One record a call, which is its span: info, warn for a call that failed or was answered with 5xx. nullptr: none.
  logger* log = nullptr;
  /// The name under which the time left is sent; empty: it is not.
  std::string_view deadline_header = default_deadline_header;
  /// How many series the metric may have, as family_options::max_series: default 1000, from 1. Beyond it server
  /// addresses become `_overflow`; method, port, status and error stay. One that is in the registry already, made by
  /// another client for example, keeps what it was made with.
  std::size_t max_series = 1000;
};

/// One per client. Thread-safe. Lifetime: outlives its calls; registry and logger outlive it. Errors: throws what the
/// registry throws.
class call_observer {
 public:
  explicit call_observer(const call_observer_options& options = {});
  const call_observer_options& options() const noexcept { return options_; }

 private:
  friend class outgoing_call;
  const call_observer_options options_;
  metric_family<histogram>& duration_;
};

/// Who is called. Lifetime: the texts outlive the call.
struct call_target {
  std::string_view method{};
  std::string_view address{}; ///< the name or address of the server: a label; see call_observer_options::max_series
  std::uint16_t port = 80;
  std::string_view path{}; ///< for the record; without a query
};

/// Follows one call, whatever sends it:
///
///   const weir::call_target target{.method = "GET", .address = "stock", .port = 8080, .path = "/items/7"};
///   weir::outgoing_call call(observer, ctx, target);
///   call.headers().for_each([&](std::string_view name, std::string_view value) { request.set(name, value); });
///   …                             // sends it under ctx, reads the response
///   call.answered(status, bytes); // or call.failed(error)
///
/// The first of answered() and failed() counts; one that ends without either has failed as `_OTHER`, or for the
/// reason of its context. Thread safety: used by one thread at a time. Errors: none. Cost: two clock reads, a lookup
/// of its series, a record.
class outgoing_call {
 public:
  outgoing_call(call_observer& observer, context ctx, const call_target& target) noexcept;
  outgoing_call(const outgoing_call&) = delete;
  outgoing_call& operator=(const outgoing_call&) = delete;
  ~outgoing_call();

  /// What the request is to carry: trace, baggage, id, the time left.
  const outgoing_headers& headers() const noexcept { return headers_; }
  const context& ctx() const noexcept { return ctx_; }

  /// The response has come, with a body of so many bytes.
  void answered(unsigned status, std::uint64_t body_bytes) noexcept;
  /// None has. The label error_type is the context's reason if that has ended, else `timeout`, `connection_refused`,
  /// `connection_reset` or `_OTHER`.
  void failed(const std::error_code& error) noexcept;

 private:
  void end(unsigned status, std::string_view error_type, const std::error_code& error,
           std::uint64_t body_bytes) noexcept;

  call_observer& observer_;
  const context ctx_;
  const call_target target_;
  const outgoing_headers headers_;
  const context::clock::time_point begun_ = context::clock::now();
  bool is_open_ = true;
};

} // namespace weir
