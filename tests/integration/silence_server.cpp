// A server that takes silent peers for gone, on the address that is its argument. Writes its port, a line when a
// request begins, and the access log to standard output.
#include "weir/asio/sleep.hpp"
#include "weir/beast/server.hpp"
#include "weir/log.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

using namespace std::chrono_literals;
using task = boost::asio::awaitable<void>;

namespace {

void tell(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

} // namespace

int main(int count, char** words) {
  try {
    weir::log_stream stream({.sinks = {weir::console_sink(weir::console_stream::output, weir::as_json())}});
    weir::metrics_registry metrics;
    weir::request_observer observer({.metrics = &metrics, .access_log = &stream.get_logger("access")});
    weir::http_server server({.address = count > 1 ? words[1] : "127.0.0.1",
                              .port = 0,
                              .observer = &observer,
                              .progress_timeout = 1h,
                              .silence_limit = 1s});
    server.get("/wait", [](weir::http_request& request, weir::http_response&) -> task {
      tell("begun");
      co_await weir::until_done(request.ctx());
    });
    server.get("/endless", [](weir::http_request&, weir::http_response& response) -> task {
      const std::string part(1 << 16, 'x');
      if (co_await response.start(1ULL << 40)) co_return;
      tell("begun");
      while (!co_await response.write(boost::asio::buffer(part))) {
      }
    });
    tell(std::to_string(server.port()));
    server.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "silence_server: %s\n", error.what());
    return 1;
  }
}
