// Which requests continue a trace and which start one.
#include "weir/trace/server_span.hpp"

#include <utility>

namespace weir {
namespace {

std::optional<trace_context> w3c_caller(std::span<const std::string_view> traceparents) noexcept {
  if (traceparents.size() != 1) return std::nullopt;
  return parse_traceparent(traceparents.front());
}

// Who asked, if the headers name a trace; `decision`: whether it is to be recorded, which B3 may say without one.
std::optional<trace_context> find_caller(const trace_headers& headers, std::optional<bool>& decision) noexcept {
  std::optional<trace_context> caller = w3c_caller(headers.traceparents);
  if (caller) {
    decision = caller->flags.sampled();
    if (!headers.tracestates.empty())
      if (std::optional<tracestate> state = parse_tracestate(headers.tracestates)) caller->state = std::move(*state);
  } else if (std::optional<b3_caller> b3 = parse_b3(headers.b3)) {
    decision = b3->sampled;
    if (b3->context.valid()) caller = std::move(b3->context);
  }
  return caller;
}

void set_sampled(trace_context& context, bool sampled) noexcept {
  context.flags.bits &= static_cast<std::uint8_t>(~trace_flags::sampled_bit);
  if (sampled) context.flags.bits |= trace_flags::sampled_bit;
}

} // namespace

trace_context make_server_span(const trace_headers& headers, sampler by) noexcept {
  std::optional<bool> decision;
  std::optional<trace_context> caller = find_caller(headers, decision);
  trace_context context = caller ? make_child(std::move(*caller)) : make_root(false);
  set_sampled(context, by.sample(sampling_randomness(context), decision));
  return context;
}

edge_span make_edge_span(const trace_headers& headers, sampler by) noexcept {
  edge_span edge{make_root(false), std::nullopt};
  set_sampled(edge.context, by.sample(sampling_randomness(edge.context)));
  std::optional<bool> not_trusted;
  if (const std::optional<trace_context> caller = find_caller({headers.traceparents, {}, headers.b3}, not_trusted))
    edge.caller = trace_link{caller->trace, caller->span, caller->flags};
  return edge;
}

} // namespace weir
