// A service that calls others: each call carries on the trace, the request id, and the time that is left.
//
//   build/release/examples/21_traced_service 8080 service.log
//   curl -d '[{"url": "http://127.0.0.1:8080/", "arguments": []}]' http://127.0.0.1:8080/
//
// It takes a list of calls, and posts to each `url` its `arguments`; the answer is the list of what became of them.
// You will see three records in service.log, all of one trace: of two requests, and of the call between them, whose
// span is the second request's parent. This is also the contract of W3C's public test suite for trace context.
#include <weir/beast.hpp>
#include <weir/http.hpp>
#include <weir/log.hpp>

#include <boost/asio/signal_set.hpp>
#include <boost/json/src.hpp>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

namespace json = boost::json;

/// What became of one call: its status, or why there is none.
boost::asio::awaitable<json::value> call(weir::http_client& client, weir::context ctx, json::object wanted) {
  try {
    weir::client_request request("POST", std::string(wanted.at("url").as_string()));
    request.headers = {{"Content-Type", "application/json"}};
    request.body = json::serialize(wanted.at("arguments"));
    const weir::client_response response = co_await client.send(std::move(ctx), std::move(request));
    co_return response.status;
  } catch (const std::exception& error) {
    co_return error.what();
  }
}

boost::asio::awaitable<void> call_all(weir::http_client& client, weir::http_request& request,
                                      weir::http_response& response) {
  boost::system::error_code error;
  const json::value calls = json::parse(request.body(), error);
  if (error || !calls.is_array()) {
    response.error(400, "a list of calls is expected");
    co_return;
  }
  json::array results;
  for (const json::value& each : calls.get_array()) {
    if (!each.is_object()) {
      response.error(400, "a call has a url and arguments");
      co_return;
    }
    results.push_back(co_await call(client, request.ctx(), each.get_object()));
  }
  response.body(json::serialize(results) + "\n", "application/json");
}

} // namespace

int main(int count, char** words) try {
  std::signal(SIGPIPE, SIG_IGN);
  const int port = count > 1 ? std::stoi(words[1]) : 8080;
  if (port < 0 || port > 65535) throw std::out_of_range("no such port: " + std::to_string(port));
  weir::log_stream& log =
      weir::start_logging({.sinks = {weir::file_sink(count > 2 ? words[2] : "service.log", weir::as_json())}});
  weir::request_observer observer({.access_log = &log.get_logger("access")});
  weir::http_client client({.observing = {.log = &log.get_logger("calls")}});
  weir::http_server server(
      {.port = static_cast<std::uint16_t>(port), .observer = &observer, .log = &log.get_logger("server")});
  server.post("/{path*}", [&](weir::http_request& request, weir::http_response& response) {
    return call_all(client, request, response);
  });

  boost::asio::io_context signals;
  boost::asio::signal_set stop_signals(signals, SIGINT, SIGTERM);
  stop_signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) server.stop();
  });
  const std::jthread signal_thread([&](const std::stop_token& over) {
    const std::stop_callback end(over, [&] { signals.stop(); });
    signals.run();
  });
  std::printf("serving on http://127.0.0.1:%u\n", server.port());
  std::fflush(stdout);
  server.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "21_traced_service: %s\n", error.what());
  return 1;
}
