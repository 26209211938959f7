#include "weir/beast/middleware.hpp"

#include "weir/context.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace weir {

http_middleware time_limit(std::chrono::milliseconds limit, std::string body) {
  if (limit.count() <= 0)
    throw std::invalid_argument("time_limit: " + std::to_string(limit.count()) + " ms is no time");
  return [limit, body = std::move(body)](http_request& request, http_response& response,
                                         next_handler next) -> boost::asio::awaitable<void> {
    const context outer = request.ctx();
    auto [ctx, cancel] = with_timeout(outer, limit);
    request.set_ctx(ctx);
    std::exception_ptr thrown;
    try {
      co_await next();
    } catch (...) {
      thrown = std::current_exception();
    }
    request.set_ctx(outer);
    const bool too_late = ctx.done() && !outer.done();
    if (too_late) {
      if (exchange* observed = request.observed()) observed->timed_out(ctx.reason(), *ctx.deadline());
      if (!response.started()) {
        // A handler that heeds its context often ends by throwing; what it had to say is of no use any more.
        response.clear().status(503).body(body);
        co_return;
      }
    }
    if (thrown) std::rethrow_exception(thrown);
  };
}

} // namespace weir
