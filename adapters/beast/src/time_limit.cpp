#include "weir/beast/middleware.hpp"

#include "early_answer.hpp"
#include "weir/asio/code_of.hpp"
#include "weir/context.hpp"
#include "weir/context/task_failure.hpp"

#include <exception>
#include <optional>
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
    std::optional<detail::early_answer> when_late(std::in_place, response, ctx, body);
    try {
      co_await next();
    } catch (...) {
      thrown = std::current_exception();
    }
    when_late.reset();
    request.set_ctx(outer);
    const bool too_late = ctx.done() && !outer.done();
    if (too_late) {
      if (exchange* observed = request.observed()) observed->timed_out(ctx.reason(), *ctx.deadline());
      // What a handler that heeds its context often ends with is that it was told to.
      if (!ended_with(ctx, detail::code_of(thrown))) report_task_failure(ctx, "handler", thrown);
      if (!response.started()) response.clear_content().status(503).body(body);
      co_return;
    }
    if (thrown) std::rethrow_exception(thrown);
  };
}

} // namespace weir
