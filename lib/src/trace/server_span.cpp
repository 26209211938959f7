// Which requests continue a trace and which start one.
#include "weir/trace/server_span.hpp"

#include <utility>

namespace weir {
namespace {

std::optional<trace_context> caller_of(std::span<const std::string_view> traceparents) noexcept {
  if (traceparents.size() != 1) return std::nullopt;
  return parse_traceparent(traceparents.front());
}

} // namespace

trace_context make_server_span(std::span<const std::string_view> traceparents,
                               std::span<const std::string_view> tracestates, bool sample_new) noexcept {
  std::optional<trace_context> caller = caller_of(traceparents);
  if (!caller) return make_root(sample_new);
  if (!tracestates.empty())
    if (std::optional<tracestate> state = parse_tracestate(tracestates)) caller->state = std::move(*state);
  return make_child(std::move(*caller));
}

edge_span make_edge_span(std::span<const std::string_view> traceparents, bool sample_new) noexcept {
  edge_span edge{make_root(sample_new), std::nullopt};
  if (const std::optional<trace_context> caller = caller_of(traceparents))
    edge.caller = trace_link{caller->trace, caller->span, caller->flags};
  return edge;
}

} // namespace weir
