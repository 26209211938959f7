// The access log's record of a finished exchange.
#pragma once

#include "weir/context.hpp"
#include "weir/http/exchange.hpp"
#include "weir/log/logger.hpp"

namespace weir::detail {

/// One record with OpenTelemetry's attribute names, under the request's own ids. A request whose client did not wait
/// for a status has 499 in the message, as is usual in access logs, and none among the fields.
void write_access_record(logger& log, const exchange_record& facts, const context& ctx) noexcept;

} // namespace weir::detail
