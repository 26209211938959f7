// From the headers of a request to the trace context under which the server handles it.
#pragma once

#include "weir/trace/trace_context.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace weir {

/// The context under which a server handles a request: a child of the caller's, or the root of a new trace when the
/// request carries no usable one.
/// `traceparents`, `tracestates`: the values of all headers of these names (compared without case), in the order in
/// which they came. Two `traceparent` headers are as good as none. A bad `tracestate` is dropped and the trace kept;
/// without a usable `traceparent` the `tracestate` is not even looked at.
/// `sample_new`: the sampled flag of a new trace; a caller's own flag is kept.
/// Never fails. Thread-safe. Cost: allocates only to keep a `tracestate`.
/// Source: W3C Trace Context Level 2, "Processing Model for Working with Trace Context".
trace_context make_server_span(std::span<const std::string_view> traceparents,
                               std::span<const std::string_view> tracestates, bool sample_new = true) noexcept;

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
/// Never fails, allocates nothing. Thread-safe.
/// Source: W3C Trace Context Level 2, "Mutating the traceparent Field" (restart trace).
edge_span make_edge_span(std::span<const std::string_view> traceparents, bool sample_new = true) noexcept;

} // namespace weir
