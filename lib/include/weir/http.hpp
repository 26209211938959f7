// The http room's front door: what one request was, from its first byte to its last, whatever the server.
#pragma once

#include "weir/http/deadline_header.hpp"
#include "weir/http/exchange.hpp"
#include "weir/http/observer.hpp"
#include "weir/http/outcome.hpp"
#include "weir/http/outgoing_headers.hpp"
#include "weir/http/request_headers.hpp"
#include "weir/http/request_values.hpp"
