// The Beast adapter's front door.
#pragma once

#include "weir/beast/client.hpp"
#include "weir/beast/client_watch.hpp"
#include "weir/beast/files.hpp"
#include "weir/beast/limits.hpp"
#include "weir/beast/message.hpp"
#include "weir/beast/middleware.hpp"
#include "weir/beast/operations.hpp"
#include "weir/beast/request_scope.hpp"
#include "weir/beast/route_limits.hpp"
#include "weir/beast/router.hpp"
#include "weir/beast/server.hpp"
#include "weir/beast/silent_peer.hpp"
