// What those who run a server ask of it: is it alive, does it want requests, at which levels does it log.
#pragma once

#include "weir/beast/middleware.hpp"
#include "weir/beast/router.hpp"
#include "weir/http/operator_access.hpp"

#include <functional>

namespace weir {

class http_server;
class log_stream;

/// 200 for as long as requests are answered at all: whoever asks should restart a server that does not.
http_handler liveness();

/// 200 if `server` is ready and `also` says so, 503 otherwise: whoever asks should send its requests elsewhere.
/// `also` is called by any of the server's threads and should be quick. Lifetime: `server` outlives its routes
/// anyway.
http_handler readiness(const http_server& server, std::function<bool()> also = {});

/// Lets operators through. Others get 403, or 401 where a token would help. See operator_access.
///
///   auto operators = server.group("").use(weir::operators_only(weir::operator_access(token)));
///   operators.get("/log-levels", weir::show_log_levels(stream));
///   operators.route("PUT", "/log-levels", weir::change_log_levels(stream));
http_middleware operators_only(operator_access access = {});

/// The levels in force, as rules: `info,http=debug`. Lifetime: the stream outlives the server.
http_handler show_log_levels(const log_stream& stream);

/// Applies the body's rules, see parse_level_rules(), and answers with the levels then in force. They come over those
/// that are set: `http=inherit` takes one back. Rules of which one makes no sense change nothing: 400 says which.
/// Each change is logged, as a warning, by the logger `weir.levels`.
http_handler change_log_levels(log_stream& stream);

} // namespace weir
