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

using http_middleware = std::function<boost::asio::awaitable<void>(http_request&, http_response&, next_handler)>;

/// `handler` with `outer` around it: middleware of one route. The first is the outermost. Errors: throws
/// std::invalid_argument if one of them, or the handler, is empty.
///
///   server.post("/orders", weir::behind({weir::limit_concurrency(8)}, take_order));
http_handler behind(std::vector<http_middleware> outer, http_handler handler);

/// Gives what follows `limit` to answer: its context then ends with the reason timeout, and if nothing has been sent
/// when it returns the client gets 503 with `body`, whatever the handler had prepared, headers included. For handlers
/// that heed their context; others are answered for when they return. What was thrown after the limit is not passed
/// on. Throws std::invalid_argument if `limit` is not positive.
http_middleware time_limit(std::chrono::milliseconds limit, std::string body = "the request took too long\n");

} // namespace weir
