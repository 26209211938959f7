// Connections that are handed over to a new session, which the scope goes along with: the old one, and its stream,
// are gone when the handshake's outcome is known.
#include "weir/beast/request_scope.hpp"

#include "http/observed.hpp"
#include "raw_client.hpp"
#include "watching.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>

using weir_test::json_member;
using weir_test::run_until;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

constexpr weir::client_watch_options handed_over_watch{.arm_after = std::chrono::milliseconds(1)};

class channel_session : public std::enable_shared_from_this<channel_session> {
 public:
  channel_session(beast::tcp_stream&& stream, std::unique_ptr<weir::request_scope> scope)
      : scope_(std::move(scope)), ws_(std::move(stream)), asking_(ws_.get_executor()) {}

  void run(http::request<http::string_body>&& request) {
    if (request.target() != "/ask") return accept(request);
    // Stands for another service, which has to agree first.
    asking_.expires_after(std::chrono::hours(1));
    asking_.async_wait(asio::bind_cancellation_slot(scope_->slot(), [self = shared_from_this()](beast::error_code) {
      self->scope_->upgraded(asio::error::operation_aborted);
    }));
  }

 private:
  void accept(const http::request<http::string_body>& request) {
    ws_.async_accept(request, [self = shared_from_this()](beast::error_code error) {
      self->scope_->upgraded(error); // weir
      self->scope_.reset();          // weir
      if (!error) self->read();
    });
  }

  void read() {
    ws_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->read();
    });
  }

  std::unique_ptr<weir::request_scope> scope_; // weir
  websocket::stream<beast::tcp_stream> ws_;
  asio::steady_timer asking_;
  beast::flat_buffer buffer_;
};

class upgrading_session : public std::enable_shared_from_this<upgrading_session> {
 public:
  upgrading_session(asio::ip::tcp::socket socket, weir::request_observer& observer)
      : stream_(std::move(socket)),
        scope_(std::make_unique<weir::request_scope>(observer, stream_, handed_over_watch)) {}

  void read() {
    http::async_read(stream_, buffer_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->handle();
    });
  }

 private:
  void handle() {
    scope_->begin(request_, request_.body().size()); // weir
    std::make_shared<channel_session>(std::move(stream_), std::move(scope_))->run(std::move(request_));
  }

  beast::tcp_stream stream_;
  std::unique_ptr<weir::request_scope> scope_; // weir
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
};

struct upgrading_server {
  upgrading_server() : client(listener.port()) {
    asio::ip::tcp::socket socket(io, asio::ip::tcp::v4(), ::dup(listener.accept().get()));
    std::make_shared<upgrading_session>(std::move(socket), by.observer)->read();
  }
  void ask(const std::string& target, const std::string& key) {
    client.send("GET " + target + " HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + key +
                "Sec-WebSocket-Version: 13\r\n\r\n");
  }

  weir_test::observed by;
  asio::io_context io;
  weir_test::raw_listener listener;
  weir_test::raw_client client;
};

} // namespace

TEST_CASE("scope: one that goes along to the new session tells how the handshake ended", "[beast]") {
  upgrading_server server;
  SECTION("with 101") {
    server.ask("/", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    REQUIRE(run_until(server.io, [&] { return server.by.finished() == 1; }));
    CHECK(server.client.read(false).status == 101);
    CHECK(json_member(server.by.access_lines().at(0), "outcome") == "upgraded");
    CHECK(json_member(server.by.access_lines().at(0), "message") == "GET / 101");
  }
  SECTION("refused") {
    server.ask("/", "");
    REQUIRE(run_until(server.io, [&] { return server.by.finished() == 1; }));
    CHECK(server.client.read().status == 400);
    CHECK(json_member(server.by.access_lines().at(0), "outcome") == "protocol_error");
  }
  SECTION("or that the client left before") {
    server.ask("/ask", "");
    REQUIRE(run_until(server.io, [&] { return server.by.active() == 1; }));
    server.client.close();
    REQUIRE(run_until(server.io, [&] { return server.by.finished() == 1; }));
    CHECK(server.by.cancelled({{"reason", "client_closed"}, {"phase", "handler"}}) == 1);
  }
  CHECK(server.by.active() == 0);
  server.client.close();
  server.io.restart();
  server.io.run();
}

// It used to read from the stream that had been moved from.
TEST_CASE("scope: nothing is read ahead of a TLS connection that is handed over", "[beast][tls]") {
  weir_test::observed by;
  asio::io_context io;
  asio::ssl::context tls(asio::ssl::context::tls_server);
  const weir_test::raw_listener listener;
  auto client = listener.connect();
  asio::ip::tcp::socket socket(io, asio::ip::tcp::v4(), ::dup(listener.accept().get()));
  std::optional<beast::ssl_stream<beast::tcp_stream>> stream(std::in_place, std::move(socket), tls);
  const auto owner = std::make_shared<int>();
  beast::flat_buffer buffer;
  weir::request_scope scope(by.observer, *stream, handed_over_watch);
  scope.read_ahead(*stream, buffer, owner);
  scope.begin(http::request<http::string_body>(http::verb::get, "/channel", 11));

  scope.handing_over();
  beast::ssl_stream<beast::tcp_stream> moved(std::move(*stream));
  stream.reset();
  client.send("something for the new protocol");
  client.shutdown_send();
  CHECK(run_until(io, [&] { return scope.ctx().done(); })); // later than anything is read ahead
  CHECK(scope.ctx().reason() == weir::cancel_reason::client_closed);
  char byte = 0;
  CHECK(::recv(beast::get_lowest_layer(moved).socket().native_handle(), &byte, 1, MSG_DONTWAIT) == 1);
  CHECK(byte == 's');
}
