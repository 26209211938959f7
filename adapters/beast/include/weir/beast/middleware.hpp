// Middleware: what runs around handlers, in order.
#pragma once

#include "weir/beast/message.hpp"
#include "weir/beast/router.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <vector>

namespace weir {

/// The rest of the chain: `co_await next()` runs it and returns when it has ended. Not calling it stops the request
/// here.
class next_handler {
 public:
  using run = std::function<boost::asio::awaitable<void>()>;
  explicit next_handler(run rest) : rest_(std::move(rest)) {}
  boost::asio::awaitable<void> operator()() const { return rest_(); }

 private:
  run rest_;
};

/// Runs when the header has been read; the body is received just before the handler, or for whoever asks for it by
/// http_request::receive_body(). What it refuses is answered without the body.
using http_middleware = std::function<boost::asio::awaitable<void>(http_request&, http_response&, next_handler)>;

/// `handler` with `outer` around it: middleware of one route. The first is the outermost. Errors: throws
/// std::invalid_argument if one of them, or the handler, is empty.
///
///   server.post("/orders", weir::behind({weir::limit_concurrency(8)}, take_order));
http_handler behind(std::vector<http_middleware> outer, http_handler handler);

/// Gives what follows, a body that is still to come included, `limit` to answer, as Go's TimeoutHandler: its context
/// then ends with the reason timeout, and if nothing has been sent the client gets 503 with `body` at once, whatever
/// the handler had prepared, with the header fields that http_response::clear_content() leaves. The connection ends
/// with that, when the handler has returned, so that nobody waits on it for a handler that does not heed its context.
/// start() and write() of the response fail from then on, with context_errc::deadline_exceeded. What is thrown after
/// the limit is not passed on, but reported (report_task_failure()), unless it says that the context had ended. A
/// response that is being streamed ends with its context. For those, route_limits::progress_timeout may be what is
/// wanted. Throws std::invalid_argument if `limit` is not positive. Cost: four allocations and a timer.
http_middleware time_limit(std::chrono::milliseconds limit, std::string body = "the request took too long\n");

} // namespace weir
