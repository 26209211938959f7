// A server from nothing: a route with a parameter, what a handler reads and sets, two threads, and an end by SIGTERM.
//
//   build/release/examples/26_small_server 8080
//   curl --include --header 'Accept-Language: de' 'http://127.0.0.1:8080/items/7?unit=kg'
//
// You will see `item 7 by the kg, in de`, with two cookies, and one access record a request on standard error. Ctrl-C
// or SIGTERM ends it: requests under way may finish within 5 s, then their contexts end with the reason shutdown.
#include <weir/beast.hpp>
#include <weir/log.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> show_item(weir::http_request& request, weir::http_response& response) {
  const std::string_view id = request.param("id");                         // of the template; decoded
  const std::string unit = request.query("unit").value_or("piece");        // of ?unit=…; decoded
  const std::string_view language = request.header("Accept-Language");     // "" if there is none
  response.add_header("Set-Cookie", "seen=yes; Path=/; HttpOnly");         // header() would replace
  response.add_header("Set-Cookie", "theme=dark; Path=/; Max-Age=604800"); // the one before
  response.body(fmt::format("item {} by the {}, in {}\n", id, unit, language.empty() ? "en" : language));
  co_return;
}

} // namespace

int main(int count, char** words) {
  try {
    const int port = count > 1 ? std::stoi(words[1]) : 8080;
    if (port < 0 || port > 65535) throw std::out_of_range("no such port: " + std::to_string(port));

    weir::request_observer observer({.access_log = &weir::default_log().get_logger("access")});
    weir::http_server server({.port = static_cast<std::uint16_t>(port),
                              .threads = 2,
                              .observer = &observer,
                              .log = &weir::default_logger()});
    server.get("/items/{id}", show_item);

    asio::io_context signals;
    asio::signal_set stop_signals(signals, SIGINT, SIGTERM);
    stop_signals.async_wait([&](const boost::system::error_code& error, int) {
      if (!error) server.stop(std::chrono::seconds(5));
    });
    const std::jthread signal_thread([&](const std::stop_token& over) {
      const std::stop_callback end(over, [&] { signals.stop(); });
      signals.run();
    });

    std::printf("serving on http://127.0.0.1:%u\n", unsigned{server.port()});
    std::fflush(stdout);
    server.run(); // until stop()
  } catch (const std::exception& error) {
    std::fprintf(stderr, "26_small_server: %s\n", error.what());
    return 1;
  }
}
