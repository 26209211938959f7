// The http room's front door: what one request was, from its first byte to its last, and what HTTP says of files to
// download, whatever the server.
#pragma once

#include "weir/http/access_line.hpp"
#include "weir/http/access_log.hpp"
#include "weir/http/byte_ranges.hpp"
#include "weir/http/client_watcher.hpp"
#include "weir/http/content_type.hpp"
#include "weir/http/deadline_header.hpp"
#include "weir/http/entity_tag.hpp"
#include "weir/http/exchange.hpp"
#include "weir/http/http_date.hpp"
#include "weir/http/observer.hpp"
#include "weir/http/operator_access.hpp"
#include "weir/http/outcome.hpp"
#include "weir/http/outgoing_call.hpp"
#include "weir/http/outgoing_headers.hpp"
#include "weir/http/preconditions.hpp"
#include "weir/http/request_headers.hpp"
#include "weir/http/request_values.hpp"
#include "weir/http/served_directory.hpp"
#include "weir/http/token_bucket.hpp"
#include "weir/http/trusted_proxies.hpp"
