// From finished exchanges to the records of the access log.
#pragma once

#include "http/access_limit.hpp"
#include "http/query_redactor.hpp"
#include "weir/context.hpp"
#include "weir/http/exchange.hpp"
#include "weir/http/observer.hpp"
#include "weir/log/rate_limit.hpp"
#include "weir/log/sample.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// One record a request, with OpenTelemetry's attribute names, under the request's own ids. A request whose client
/// did not wait for a status has 499 in the message, as is usual in access logs, and none among the fields.
/// Thread-safe. Lifetime: `options` outlives it.
class request_observer::access_log {
 public:
  /// Throws std::invalid_argument naming what is out of range, std::bad_alloc. There is a logger in `options`.
  explicit access_log(const observer_options& options);

  void keep(std::string_view target, const request_headers* headers, exchange_record& facts) const;
  void write(const exchange_record& facts, const context& ctx, detail::field_list& scratch) noexcept;

 private:
  struct kept_header {
    const detail::argument_type* field;
    bool is_secret;
    bool is_url; // with a query that may hold secrets
  };
  void append_query(std::string& to, std::string_view query) const;
  void gather(const exchange_record& facts, detail::field_list& fields) const;

  const observer_options& options_;
  std::vector<kept_header> headers_;
  const detail::query_redactor redactor_;
  detail::access_limit<sample_traces> ordinary_;
  detail::access_limit<rate_limit> protocol_errors_;
};
} // namespace weir
