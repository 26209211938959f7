// Trace context: who asked for the work in hand, and under which ids it is recorded.
#pragma once

#include "weir/trace/b3.hpp"
#include "weir/trace/baggage.hpp"
#include "weir/trace/ids.hpp"
#include "weir/trace/request_id.hpp"
#include "weir/trace/sampler.hpp"
#include "weir/trace/server_span.hpp"
#include "weir/trace/static_text.hpp"
#include "weir/trace/trace_context.hpp"
#include "weir/trace/tracestate.hpp"
