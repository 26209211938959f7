#include "weir/http/request_context.hpp"

#include "weir/http/request_values.hpp"

#include <utility>

namespace weir::detail {

const context& request_context::renew_values(const context& base, const request_extras& extras) {
  if (!is_alone_with(values_, current_)) values_ = with_value<request_values_key>(base, request_values{});
  auto* const held = static_cast<typed_value_node<request_values_key>*>(context_access::get(values_));
  held->renewable_value().request_id = extras.request_id;
  held->renewable_value().tracestate = extras.tracestate;
  return values_;
}

void request_context::begin(const context& base, const correlation& ids, const request_extras& extras) {
  const bool has_values = !extras.request_id.empty() || !extras.tracestate.empty();
  const context* above = has_values ? &renew_values(base, extras) : &base;
  context carrying;
  if (!extras.baggages.empty())
    if (baggage carried = parse_baggage(extras.baggages).kept; !carried.empty()) {
      carrying = with_value<baggage_key>(*above, std::move(carried));
      above = &carrying;
    }
  renew(current_, *above, ids, extras.limit);
}

} // namespace weir::detail
