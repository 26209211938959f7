// A Beast server whose sessions are coroutines, as it stands in many programs. The lines that weir adds are marked.
//
//   build/release/examples/18_coroutine_server 8080
//   curl http://127.0.0.1:8080/
//
// You will see one access record a request on standard error, with trace ids, and for a client that goes while it is
// served (curl --max-time 0.2 http://127.0.0.1:8080/) one that says client_closed. A caller that says how long it
// waits (curl --header 'X-Request-Timeout-Ms: 200' http://127.0.0.1:8080/) gets 504 when that time is over.
#include <weir/asio/under.hpp>          // weir
#include <weir/beast/request_scope.hpp> // weir

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

weir::request_observer requests({.access_log = &weir::default_log().get_logger("access")}); // weir

constexpr auto with_error = asio::as_tuple(asio::use_awaitable);

/// Stands for a database or another service: half a second of waiting.
asio::awaitable<std::string> greeting(std::string name) {
  asio::steady_timer thinking(co_await asio::this_coro::executor, std::chrono::milliseconds(500));
  co_await thinking.async_wait(asio::use_awaitable);
  co_return "hello, " + name + "\n";
}

asio::awaitable<void> serve(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  weir::request_scope scope(requests, stream); // weir
  beast::flat_buffer buffer;
  for (bool again = true; again;) {
    http::request<http::string_body> request;
    stream.expires_after(std::chrono::seconds(30));
    auto [unread, bytes] = co_await http::async_read(stream, buffer, request, with_error);
    if (unread) break;
    scope.begin(request, request.body().size()); // weir

    http::response<http::string_body> response(http::status::ok, request.version());
    response.keep_alive(request.keep_alive());
    try {
      auto work = greeting(request.body().empty() ? "you" : request.body());
      response.body() = co_await weir::under(scope.ctx(), std::move(work)); // weir: was co_await std::move(work)
    } catch (const std::exception&) {
      response.result(http::status::internal_server_error);
      if (const unsigned late = scope.status_if_late()) response.result(late); // weir
      if (scope.ctx().done() && !scope.status_if_late()) break;                // weir: nobody is there to answer
    }
    response.prepare_payload();
    scope.responding(response); // weir
    auto [unsent, written] = co_await http::async_write(stream, response, with_error);
    scope.finish(unsent, response, written); // weir
    again = !unsent && response.keep_alive();
  }
  beast::error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> listen(tcp::acceptor& acceptor) {
  asio::steady_timer pause(acceptor.get_executor());
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(with_error);
    if (error == asio::error::operation_aborted) co_return;
    if (error) { // no descriptors, mostly: others have to close theirs
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(with_error);
      continue;
    }
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

int main(int count, char** words) {
  try {
    const int port = count > 1 ? std::stoi(words[1]) : 8080;
    if (port < 0 || port > 65535) throw std::out_of_range("no such port: " + std::to_string(port));
    asio::io_context io;
    tcp::acceptor acceptor(io, {asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
    asio::co_spawn(io, listen(acceptor), asio::detached);
    asio::signal_set stop(io, SIGINT, SIGTERM);
    stop.async_wait([&](beast::error_code, int) { io.stop(); });
    std::printf("serving on http://127.0.0.1:%u\n", unsigned{acceptor.local_endpoint().port()});
    std::fflush(stdout);
    io.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "18_coroutine_server: %s\n", error.what());
    return 1;
  }
}
