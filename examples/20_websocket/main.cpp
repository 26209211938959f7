// A Beast server that hands connections over to WebSocket, as it stands in many programs. The lines that weir adds to
// it are marked.
//
//   build/release/examples/20_websocket 8080
//   curl http://127.0.0.1:8080/
//
// A WebSocket gets every message back. You will see one access record a request on standard error; that of a request
// for a WebSocket comes when the connection is handed over, with status 101 and the outcome upgraded, whatever
// becomes of it afterwards.
#include <weir/beast/request_scope.hpp> // weir
#include <weir/log.hpp>                 // weir

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

weir::request_observer requests({.access_log = &weir::default_log().get_logger("access")}); // weir

constexpr auto with_error = asio::as_tuple(asio::use_awaitable);

asio::awaitable<void> echo(websocket::stream<beast::tcp_stream>& channel) {
  channel.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
  beast::flat_buffer message;
  for (;;) {
    auto [unread, bytes] = co_await channel.async_read(message, with_error);
    if (unread) co_return;
    channel.text(channel.got_text());
    auto [unsent, written] = co_await channel.async_write(message.data(), with_error);
    if (unsent) co_return;
    message.clear();
  }
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

    if (websocket::is_upgrade(request)) {
      stream.expires_never(); // the channel has time-outs of its own
      websocket::stream<beast::tcp_stream> channel(std::move(stream));
      auto [refused] = co_await channel.async_accept(request, with_error);
      scope.upgraded(refused); // weir
      if (!refused) co_await echo(channel);
      co_return;
    }
    http::response<http::string_body> response(http::status::ok, request.version());
    response.keep_alive(request.keep_alive());
    response.body() = "ask for a WebSocket\n";
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
    std::fprintf(stderr, "20_websocket: %s\n", error.what());
    return 1;
  }
}
