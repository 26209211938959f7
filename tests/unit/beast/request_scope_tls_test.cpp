// The scope in sessions that speak TLS: its watch sees through the layer whether the client is there.
#include "weir/beast/request_scope.hpp"

#include "19_tls_server/self_signed.hpp"
#include "http/observed.hpp"
#include "key_updates.hpp"
#include "raw_client.hpp"
#include "tls_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <catch2/catch.hpp>

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using weir_test::json_member;
using weir_test::observed;
using weir_test::raw_client;
using weir_test::raw_listener;
using weir_test::raw_response;
using weir_test::tls_client;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using error_code = boost::system::error_code;

namespace {

constexpr std::size_t large_tls_body = 64U << 20; // more than any kernel buffers

std::atomic<int> key_updates{0}; // of the one client

/// Serves requests: /first until something of the next one has come; /updated until the client has new keys, of which
/// it logs how many; one more, /large as fast as the client takes it, /short with little, others until their context
/// ends.
class tls_session : public std::enable_shared_from_this<tls_session> {
 public:
  tls_session(asio::ip::tcp::socket socket, asio::ssl::context& tls, observed& by)
      : stream_(std::move(socket), tls),
        scope_(by.observer, stream_, {.arm_after = 1ms}),
        wait_(stream_.get_executor()),
        log_(by.stream.get_logger("app")) {}

  void start() {
    scope_.read_ahead(stream_, buffer_, weak_from_this());
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->handle();
    });
  }

  void handle() {
    scope_.begin(request_);
    log_.info("handling");
    wait_.expires_after(1h);
    // The watch ends the context on this executor. A cancel could miss a write that is between two of its steps.
    gone_ = scope_.ctx().on_done([this] {
      wait_.cancel();
      beast::get_lowest_layer(stream_).close();
    });
    if (request_.target() == "/large") return write(large_tls_body);
    if (request_.target() == "/short") return write(5);
    if (request_.target() == "/first") return wait_for_next();
    if (request_.target() == "/updated") return wait_for_keys();
    wait_.async_wait([self = shared_from_this()](error_code) {
      self->scope_.current().handler_returned();
      self->scope_.finish(asio::error::operation_aborted);
    });
  }

  void wait_for_next() {
    wait_.expires_after(1ms);
    wait_.async_wait([self = shared_from_this()](error_code) {
      if (self->buffer_.size() == 0) return self->wait_for_next();
      self->gone_ = {}; // the context ends with the request
      self->scope_.finish({});
      self->read();
    });
  }

  void wait_for_keys() {
    wait_.expires_after(1ms);
    wait_.async_wait([self = shared_from_this()](error_code) {
      if (key_updates == 0) return self->wait_for_keys();
      self->log_.info("{}", key_updates.load());
      self->gone_ = {};
      self->scope_.finish({});
      self->read();
    });
  }

  void write(std::size_t size) {
    response_.body() = std::string(size, 'x');
    response_.prepare_payload();
    scope_.responding(response_);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](error_code error, std::size_t) { self->scope_.finish(error); });
  }

  beast::ssl_stream<beast::tcp_stream> stream_;
  weir::request_scope scope_;
  asio::steady_timer wait_;
  weir::done_registration gone_;
  weir::logger& log_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

/// Accepts one connection, and runs until that is served.
class one_connection {
 public:
  /// `at_a_time`: its OpenSSL takes in all that has come, and not a record.
  explicit one_connection(observed& by, bool at_a_time = false)
      : acceptor_(io_, {asio::ip::make_address("127.0.0.1"), 0}) {
    use_self_signed_certificate(tls_);
    key_updates = 0;
    SSL_CTX_set_read_ahead(tls_.native_handle(), at_a_time ? 1 : 0);
    weir_test::count_key_updates(tls_.native_handle(), key_updates);
    acceptor_.async_accept([this, &by](error_code error, asio::ip::tcp::socket socket) {
      if (!error) std::make_shared<tls_session>(std::move(socket), tls_, by)->start();
    });
    thread_ = std::jthread([this] { io_.run(); });
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void wait() { thread_.join(); }

 private:
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  std::jthread thread_;
};

} // namespace

TEST_CASE("scope: a TLS client that goes ends its request, in the handler and while it is answered", "[beast][tls]") {
  const auto [target, phase, status] = GENERATE(
      table<std::string, std::string, std::string>({{"/wait", "handler", "499"}, {"/large", "write", "200"}}));
  const auto [way, reason] = GENERATE(table<std::string, std::string>({{"close_notify", "client_closed"},
                                                                       {"close_notify and FIN", "client_closed"},
                                                                       {"FIN", "client_closed"},
                                                                       {"RST", "client_reset"}}));
  if (target == "/large" && way == "close_notify") return; // it may go on reading
  CAPTURE(target, way);
  observed by;
  one_connection server(by);
  tls_client client(server.port());
  client.send("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
  while (by.lines_of("app").empty()) std::this_thread::yield();
  if (target == "/large") CHECK_FALSE(client.receive().empty());
  // One side only: closing with unread bytes would be a reset.
  if (way.starts_with("close_notify")) client.notify_close();
  if (way.ends_with("FIN")) client.shutdown_send();
  if (way == "RST") client.reset();
  server.wait();
  const auto access = by.access_lines();
  REQUIRE(access.size() == 1);
  CAPTURE(access[0]);
  CHECK(by.cancelled({{"reason", reason}, {"phase", phase}}) == 1);
  CHECK(by.active() == 0);
  CHECK(json_member(access[0], "message") == "GET " + target + " " + status);
  CHECK(json_member(access[0], "url.scheme") == "https");
  CHECK(json_member(access[0], "client.address") == "127.0.0.1");
}

TEST_CASE("scope: what a TLS client sends meanwhile is the next request's, and an end behind that ends it",
          "[beast][tls]") {
  observed by;
  one_connection server(by);
  tls_client client(server.port());
  client.send("GET /first HTTP/1.1\r\nHost: test\r\n\r\n");
  while (by.lines_of("app").empty()) std::this_thread::yield();
  client.send("GET /second HTTP/1.1\r\nHost: test\r\n\r\n");
  while (by.lines_of("app").size() < 2) std::this_thread::yield();
  client.notify_close();
  server.wait();
  const auto access = by.access_lines();
  REQUIRE(access.size() == 2);
  CHECK(json_member(access[0], "url.path") == "/first");
  CHECK(json_member(access[0], "outcome") == "completed");
  CHECK(json_member(access[1], "message") == "GET /second 499");
  CHECK(json_member(access[1], "error.type") == "client_closed");
}

TEST_CASE("scope: an end that came together with the request, and is the TLS stream's already, ends it",
          "[beast][tls]") {
  observed by;
  one_connection server(by);
  tls_client client(server.port());
  client.hold(true);
  client.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n");
  client.notify_close();
  client.hold(false);
  server.wait();
  CHECK(by.cancelled({{"reason", "client_closed"}, {"phase", "handler"}}) == 1);
  CHECK(json_member(by.access_lines().at(0), "message") == "GET /wait 499");
}

TEST_CASE("scope: requests that came together are answered one after the other", "[beast][tls]") {
  observed by;
  one_connection server(by);
  tls_client client(server.port());
  client.hold(true);
  for (const char* target : {"/first", "/first", "/wait"})
    client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n\r\n");
  client.hold(false);
  while (by.lines_of("app").size() < 3) std::this_thread::yield();
  client.notify_close();
  server.wait();
  const auto access = by.access_lines();
  REQUIRE(access.size() == 3);
  CHECK(json_member(access[0], "url.path") == "/first");
  CHECK(json_member(access[1], "url.path") == "/first");
  CHECK(json_member(access[2], "message") == "GET /wait 499");
}

TEST_CASE("scope: a part of a TLS record is not waited for, and what follows is seen", "[beast][tls]") {
  observed by;
  one_connection server(by);
  tls_client client(server.port());
  client.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n");
  while (by.lines_of("app").empty()) std::this_thread::yield();
  const std::string record = client.close_notify();
  REQUIRE(record.size() > 10);
  client.raw_socket::send(record.substr(0, 10));
  std::this_thread::sleep_for(30ms); // most likely the server has looked at it by then; if not, less is tested
  client.raw_socket::send(record.substr(10));
  server.wait();
  CHECK(by.cancelled({{"reason", "client_closed"}, {"phase", "handler"}}) == 1);
}

TEST_CASE("scope: a TLS client that changes its keys meanwhile is answered with new ones", "[beast][tls]") {
  observed by;
  one_connection server(by);
  tls_client client(server.port());
  client.send("GET /first HTTP/1.1\r\nHost: test\r\n\r\n");
  while (by.lines_of("app").empty()) std::this_thread::yield();
  client.update_keys();
  client.send("GET /short HTTP/1.1\r\nHost: test\r\n\r\n");
  while (by.lines_of("app").size() < 2) std::this_thread::yield();
  CHECK(client.receive().starts_with("HTTP/1.1 200"));
  server.wait();
}

TEST_CASE("scope: a flood of new keys does not hold the thread that looks ahead, and nothing behind it is lost",
          "[beast][tls]") {
  const bool at_a_time = GENERATE(false, true);
  CAPTURE(at_a_time);
  observed by;
  one_connection server(by, at_a_time);
  tls_client client(server.port());
  client.send("GET /updated HTTP/1.1\r\nHost: test\r\n\r\n");
  while (by.lines_of("app").empty()) std::this_thread::yield();
  // Small enough to be in the server's socket before it is looked at.
  client.raw_socket::send(client.key_updates(2000, "GET /short HTTP/1.1\r\nHost: test\r\n\r\n"));
  CHECK(client.receive().starts_with("HTTP/1.1 200"));
  server.wait();
  CHECK(key_updates == 2000);
  const auto lines = by.lines_of("app");
  REQUIRE(lines.size() == 3);
  const int taken = std::stoi(json_member(lines[1], "message"));
  CHECK(taken > 0);
  CHECK(taken < 200);
  CHECK(by.cancelled() == 0);
}

TEST_CASE("scope: an end of the connection that TLS was not told of is the client's", "[beast][tls]") {
  CHECK(weir::reason_of(asio::ssl::error::stream_truncated) == weir::cancel_reason::client_closed);
}

TEST_CASE("scope: streams of all kinds and executors have one", "[beast]") {
  observed by;
  asio::io_context io;
  asio::ssl::context tls(asio::ssl::context::tls_server);
  const auto scheme = [&](auto& stream) {
    weir::request_scope scope(by.observer, stream);
    scope.begin({});
    return std::string(scope.current().facts().scheme);
  };
  asio::ip::tcp::socket bare(io);
  asio::local::stream_protocol::socket local(io);
  beast::tcp_stream with_time_outs(io);
  asio::use_awaitable_t<>::as_default_on_t<beast::tcp_stream> of_a_coroutine(io);
  asio::ssl::stream<asio::ip::tcp::socket> asio_tls(io, tls);
  beast::websocket::stream<beast::ssl_stream<beast::tcp_stream>> layered(io, tls);
  CHECK(scheme(bare) == "http");
  CHECK(scheme(local) == "http");
  CHECK(scheme(with_time_outs) == "http");
  CHECK(scheme(of_a_coroutine) == "http");
  CHECK(scheme(asio_tls) == "https");
  CHECK(scheme(layered) == "https");
}

TEST_CASE("scope: of a WebSocket that is refused, what Beast sends is counted", "[beast]") {
  const auto [version, status] = GENERATE(table<const char*, std::string>({{"8", "426"}, {"13", "400"}}));
  observed by;
  asio::io_context io;
  const raw_listener listener;
  raw_client client(listener.port());
  beast::tcp_stream stream(asio::ip::tcp::socket(io, asio::ip::tcp::v4(), ::dup(listener.accept().get())));
  weir::request_scope scope(by.observer, stream);
  http::request<http::string_body> request(http::verb::get, "/channel", 11);
  request.set("Host", "test");
  request.set("Upgrade", "websocket");
  request.set("Connection", "Upgrade");
  if (status == "426") request.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  request.set("Sec-WebSocket-Version", version);
  scope.begin(request);
  beast::websocket::stream<beast::tcp_stream> channel(std::move(stream));
  boost::system::error_code refused;
  channel.accept(request, refused);
  scope.upgraded(refused);
  const raw_response answer = client.read();
  CHECK(std::to_string(answer.status) == status);
  CHECK_FALSE(answer.body.empty());
  CHECK(json_member(by.access_lines().at(0), "http.response.body.size") == std::to_string(answer.body.size()));
}
