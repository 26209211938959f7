// The http room's front door: what one request was, from its first byte to its last, whatever the server.
#pragma once

#include "weir/http/exchange.hpp"
#include "weir/http/observer.hpp"
#include "weir/http/outcome.hpp"
