// From the headers of a request to the trace context under which the server handles it.
#pragma once

#include "weir/trace/b3.hpp"
#include "weir/trace/sampler.hpp"
#include "weir/trace/trace_context.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace weir {

/// The headers of a request that say which trace it belongs to.
struct trace_headers {
  /// The values of all headers of these names (compared without case), in the order in which they came.
  std::span<const std::string_view> traceparents{};
  std::span<const std::string_view> tracestates{};
  b3_headers b3{};
};

/// The context under which a server handles a request: a child of the caller's, or the root of a new trace when the
/// request carries no usable one. A usable `traceparent` wins over B3, for which see parse_b3(). Two `traceparent`
/// headers are as good as none. A bad `tracestate` is dropped and the trace kept; without a usable `traceparent` it
/// is not even looked at. B3's decision without ids counts for the new trace.
/// `by`: sets the sampled flag; by default that of the caller is kept, and a new trace is sampled.
/// Never fails. Thread-safe. Cost: allocates only to keep a `tracestate`.
/// Source: W3C Trace Context Level 2, "Processing Model for Working with Trace Context".
trace_context make_server_span(const trace_headers& headers, sampler by = {}) noexcept;

/// The same for a server that takes no B3.
inline trace_context make_server_span(std::span<const std::string_view> traceparents,
                                      std::span<const std::string_view> tracestates, sampler by = {}) noexcept {
  return make_server_span(trace_headers{traceparents, tracestates, {}}, by);
}

/// Another operation that caused this one without being its parent.
struct trace_link {
  trace_id trace;
  span_id span;
  trace_flags flags;

  friend bool operator==(const trace_link&, const trace_link&) = default;
};

/// What make_edge_span gives: the new trace, and the caller's if it named one.
struct edge_span {
  trace_context context;
  std::optional<trace_link> caller;
};

/// The same for a server that does not trust its callers: always the root of a new trace, so that nobody outside
/// chooses ids, sampling or state; the caller's own context is kept as a link to be recorded.
/// `by`: decides as for a request that nobody has decided about; by default each trace is sampled.
/// Never fails, allocates nothing. Thread-safe.
/// Source: W3C Trace Context Level 2, "Mutating the traceparent Field" (restart trace).
edge_span make_edge_span(const trace_headers& headers, sampler by = {}) noexcept;

/// The same for a server that takes no B3.
inline edge_span make_edge_span(std::span<const std::string_view> traceparents, sampler by = {}) noexcept {
  return make_edge_span(trace_headers{traceparents, {}, {}}, by);
}

} // namespace weir
