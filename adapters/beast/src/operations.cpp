#include "weir/beast/operations.hpp"

#include "weir/beast/server.hpp"
#include "weir/log/macros.hpp"
#include "weir/log/stream.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;

void answer(http_response& response, unsigned status, std::string text) {
  response.status(status).body(std::move(text)).header("Cache-Control", "no-store");
}

} // namespace

http_handler liveness() {
  return [](http_request&, http_response& response) -> asio::awaitable<void> {
    answer(response, 200, "alive\n");
    co_return;
  };
}

http_handler readiness(const http_server& server, std::function<bool()> also) {
  return [&server, also = std::move(also)](http_request&, http_response& response) -> asio::awaitable<void> {
    const bool is_ready = server.ready() && (!also || also());
    answer(response, is_ready ? 200 : 503, is_ready ? "ready\n" : "not ready\n");
    co_return;
  };
}

http_middleware operators_only(operator_access access) {
  return [access = std::move(access)](http_request& request, http_response& response,
                                      next_handler next) -> asio::awaitable<void> {
    const auto header = [&](std::string_view name) { return request.header(name); };
    const auto has_header = [&](std::string_view name) { return request.has_header(name); };
    const operator_verdict verdict = access.judge({.peer = request.peer(),
                                                   .host = header("Host"), // whom the target names, where it does
                                                   .authorization = header("Authorization"),
                                                   .is_forwarded = says_forwarded(has_header),
                                                   .is_foreign_page = says_foreign_page(header)});
    switch (verdict) {
    case operator_verdict::allowed:
      co_await next();
      break;
    case operator_verdict::token_wanted:
      response.error(401, "for operators").header("WWW-Authenticate", "Bearer");
      break;
    case operator_verdict::forbidden:
      response.error(403, "for operators on this machine");
      break;
    }
  };
}

http_handler show_log_levels(const log_stream& stream) {
  return [&stream](http_request&, http_response& response) -> asio::awaitable<void> {
    answer(response, 200, stream.levels() + "\n");
    co_return;
  };
}

http_handler change_log_levels(log_stream& stream) {
  return [&stream, &log = stream.get_logger("weir.levels")](http_request& request,
                                                            http_response& response) -> asio::awaitable<void> {
    std::string_view rules = request.body();
    while (rules.ends_with('\n') || rules.ends_with('\r')) rules.remove_suffix(1);
    try {
      stream.set_levels(rules);
    } catch (const std::invalid_argument& error) {
      answer(response, 400, std::string(error.what()) + "\n");
      co_return;
    }
    std::string levels = stream.levels();
    WEIR_WARN(log, "levels changed", field<"levels">(levels), field<"client.address">(request.peer()));
    answer(response, 200, levels + "\n");
  };
}

} // namespace weir
