#include "weir/http/outgoing_headers.hpp"

#include <utility>

namespace weir {

namespace {

/// A span below that of `ctx`, without its state: that is sent as it is.
trace_context make_call_span(const context& ctx) noexcept {
  const correlation* const ids = ctx.ids();
  if (ids == nullptr || (ids->trace_id_high | ids->trace_id_low) == 0) return make_root();
  return make_child({.trace = {ids->trace_id_high, ids->trace_id_low},
                     .span = {ids->span_id},
                     .parent = {},
                     .flags = {ids->trace_flags},
                     .state = {}});
}

} // namespace

outgoing_headers::outgoing_headers(context ctx, std::string_view deadline_header) noexcept
    : ctx_(std::move(ctx)), deadline_header_(deadline_header) {
  const trace_context call = make_call_span(ctx_);
  ids_ = to_correlation(call);
  traceparent_ = to_traceparent(call);
  if (deadline_header_.empty()) return;
  if (const auto left = remaining(ctx_)) left_.emplace(*left);
}

} // namespace weir
