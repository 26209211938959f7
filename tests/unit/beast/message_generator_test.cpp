// Responses whose type is gone: the stock callback session of Boost since 1.81, whose handlers return a
// message_generator, with the scope's calls in it.
#include "weir/beast/request_scope.hpp"

#include "http/observed.hpp"
#include "raw_client.hpp"
#include "watching.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <unistd.h>

using weir_test::json_member;
using weir_test::run_until;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t file_size = 1 << 20; // in many buffers

http::message_generator handle_request(http::request<http::string_body>&& request) {
  const std::string target = request.target();
  const auto ready = [&](auto response) -> http::message_generator {
    response.set(http::field::server, "stock");
    response.keep_alive(request.keep_alive());
    return response;
  };
  if (target == "/file") {
    http::response<http::file_body> response(http::status::ok, request.version());
    beast::error_code error;
    response.body().open("/proc/self/exe", beast::file_mode::scan, error);
    response.prepare_payload();
    return ready(std::move(response));
  }
  if (target == "/empty") {
    http::response<http::empty_body> response(http::status::no_content, request.version());
    return ready(std::move(response));
  }
  if (request.method() == http::verb::head) {
    http::response<http::empty_body> response(http::status::ok, request.version());
    response.content_length(file_size);
    return ready(std::move(response));
  }
  http::response<http::string_body> response(http::status::not_found, request.version());
  response.body() = "no such thing: " + target;
  if (target == "/chunked") response.chunked(true);
  if (target == "/long")
    for (int i = 0; i < 5; ++i) response.insert("X-" + std::to_string(i), std::string(100, 'x')); // eight in all
  if (target == "/open-ended")
    response.version(10); // neither a length nor chunks: the body ends with the connection
  else if (target != "/chunked")
    response.prepare_payload();
  return ready(std::move(response));
}

class stock_session : public std::enable_shared_from_this<stock_session> {
 public:
  stock_session(asio::ip::tcp::socket&& socket, weir::request_observer& observer)
      : requests(observer), stream_(std::move(socket)) {}

  void do_read() {
    req_ = {};
    http::async_read(stream_, buffer_, req_, beast::bind_front_handler(&stock_session::on_read, shared_from_this()));
  }

 private:
  void on_read(beast::error_code ec, std::size_t) {
    if (ec == http::error::end_of_stream) return do_close();
    if (ec) return;
    scope_.begin(req_, req_.body().size()); // weir
    send_response(handle_request(std::move(req_)));
  }

  void send_response(http::message_generator&& msg) {
    bool keep_alive = msg.keep_alive();
    scope_.responding(msg); // weir
    beast::async_write(stream_, std::move(msg),
                       beast::bind_front_handler(&stock_session::on_write, shared_from_this(), keep_alive));
  }

  void on_write(bool keep_alive, beast::error_code ec, std::size_t bytes_transferred) {
    scope_.finish(ec, bytes_transferred); // weir
    if (ec) return;
    if (!keep_alive) return do_close();
    do_read();
  }

  void do_close() {
    beast::error_code ec;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
  }

  weir::request_observer& requests;
  beast::tcp_stream stream_;
  weir::request_scope scope_{requests, stream_}; // weir
  beast::flat_buffer buffer_;
  http::request<http::string_body> req_;
};

struct stock_server {
  stock_server() : client(listener.port()) {
    asio::ip::tcp::socket socket(io, asio::ip::tcp::v4(), ::dup(listener.accept().get()));
    std::make_shared<stock_session>(std::move(socket), by.observer)->do_read();
  }
  /// What comes back until the server closes; the request asks for that.
  std::string ask(const std::string& method, const std::string& target) {
    client.send(method + " " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    std::string all;
    std::thread reader([&] { all = client.take_text(std::numeric_limits<std::size_t>::max()); });
    io.run();
    reader.join();
    return all;
  }

  weir_test::observed by;
  asio::io_context io;
  weir_test::raw_listener listener;
  weir_test::raw_client client;
};

} // namespace

TEST_CASE("scope: status and bytes of a message_generator are those on the wire", "[beast]") {
  const auto [method, target, status] = GENERATE(table<std::string, std::string, std::string>({
      {"GET", "/file", "200"},
      {"HEAD", "/", "200"},
      {"GET", "/empty", "204"},
      {"GET", "/text", "404"},
      {"GET", "/chunked", "404"},
      {"GET", "/long", "404"},
      {"GET", "/open-ended", "404"},
  }));
  CAPTURE(target);
  stock_server server;
  const std::string response = server.ask(method, target);
  REQUIRE(response.starts_with("HTTP/1."));
  CHECK(response.substr(9, 3) == status);
  const std::string body = response.substr(response.find("\r\n\r\n") + 4);
  const auto access = server.by.access_lines();
  REQUIRE(access.size() == 1);
  CHECK(json_member(access[0], "outcome") == "completed");
  CHECK(json_member(access[0], "http.response.status_code") == status);
  CHECK(json_member(access[0], "http.response.body.size") == std::to_string(body.size()));
}

TEST_CASE("scope: message_generators one after the other, and one whose client leaves", "[beast]") {
  stock_server server;
  for (const char* each : {"/a", "/longer", "/b"}) {
    server.client.send(std::string("GET ") + each + " HTTP/1.1\r\nHost: test\r\n\r\n");
    const double before = server.by.finished();
    REQUIRE(run_until(server.io, [&] { return server.by.finished() > before; }));
    CHECK(server.client.read().body == std::string("no such thing: ") + each);
  }
  server.client.send("GET /file HTTP/1.1\r\nHost: test\r\n\r\n");
  server.client.reset();
  server.io.restart();
  server.io.run();
  const auto access = server.by.access_lines();
  REQUIRE(access.size() >= 3);
  CHECK(json_member(access[0], "http.response.body.size") == "17");
  CHECK(json_member(access[1], "http.response.body.size") == "22");
  CHECK(json_member(access[2], "http.response.body.size") == "17");
  CHECK(server.by.active() == 0);
}
