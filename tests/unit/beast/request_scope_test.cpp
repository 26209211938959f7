// The proof that weir goes into an existing server: a Beast session in callback style, as in Beast's own examples,
// with the scope's calls in it.
#include "weir/beast/request_scope.hpp"

#include "http/observed.hpp"
#include "raw_client.hpp"
#include "weir/context.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/error.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using weir::cancel_reason;
using weir_test::json_member;
using weir_test::observed;
using weir_test::raw_client;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using error_code = boost::system::error_code;

namespace {

constexpr std::size_t large_body = 64U << 20; // more than any kernel buffers

/// The session as it was, plus the scope.
class session : public std::enable_shared_from_this<session> {
 public:
  session(asio::ip::tcp::socket socket, observed& by, weir::client_watch_options watch)
      : stream_(std::move(socket)),
        scope_(by.observer, stream_, watch),
        wait_(stream_.get_executor()),
        log_(by.stream.get_logger("app")) {}

  void start() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->read(); });
  }

 private:
  void read() {
    request_ = {};
    stream_.expires_after(10s);
    http::async_read(stream_, buffer_, request_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->handle();
    });
  }

  void handle() {
    scope_.begin(request_, request_.body().size());
    if (scope_.refuse_if_expired()) {
      response_ = {http::status::gateway_timeout, request_.version()};
      return write();
    }
    const weir::context_scope current(scope_.ctx());
    log_.info("handling {}", std::string_view(request_.target().data(), request_.target().size()));
    if (request_.target() == "/wait" || request_.target() == "/deaf") return wait();
    if (request_.target() == "/drop") return; // the last owner goes without a word
    response_ = {http::status::ok, request_.version()};
    response_.body() = request_.target() == "/large" ? std::string(large_body, 'x') : "hello\n";
    write();
  }

  /// Until the client has gone: what ends the context wakes the session where it lives.
  void wait() {
    wait_.expires_after(1h);
    gone_ = scope_.ctx().on_done([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->wait_.cancel();
    });
    wait_.async_wait([self = shared_from_this()](error_code) {
      if (self->request_.target() == "/deaf") {
        self->response_ = {http::status::ok, self->request_.version()};
        self->response_.body() = "as if nothing had been\n";
        return self->write();
      }
      if (const unsigned late = self->scope_.status_if_late()) {
        self->response_ = {static_cast<http::status>(late), self->request_.version()};
        return self->write();
      }
      self->scope_.current().handler_returned();
      self->scope_.finish(asio::error::operation_aborted);
    });
  }

  void write() {
    response_.keep_alive(request_.keep_alive());
    response_.prepare_payload();
    scope_.identify(response_);
    scope_.responding(response_);
    http::async_write(stream_, response_, [self = shared_from_this()](error_code error, std::size_t bytes) {
      self->scope_.finish(error, self->response_, bytes);
      if (!error && self->response_.keep_alive()) self->read();
    });
  }

  boost::beast::tcp_stream stream_;
  weir::request_scope scope_;
  asio::steady_timer wait_;
  weir::done_registration gone_;
  weir::logger& log_;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

/// A listener for such sessions, each on a strand, on two threads.
class existing_server {
 public:
  explicit existing_server(observed& by, weir::client_watch_options watch = {.arm_after = 1ms})
      : by_(by), watch_(watch), acceptor_(asio::make_strand(io_), {asio::ip::make_address("127.0.0.1"), 0}) {
    accept();
    for (auto& each : threads_) each = std::jthread([this] { io_.run(); });
  }
  ~existing_server() { stop(); }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// Ends when every session has ended.
  void stop() {
    asio::post(acceptor_.get_executor(), [this] { acceptor_.close(); });
    for (auto& each : threads_)
      if (each.joinable()) each.join();
  }
  /// As many servers do at SIGTERM: what is under way is left where it stands.
  void halt() {
    io_.stop();
    stop();
  }

 private:
  void accept() {
    acceptor_.async_accept(asio::make_strand(io_), [this](error_code error, asio::ip::tcp::socket socket) {
      if (!error) std::make_shared<session>(std::move(socket), by_, watch_)->start();
      if (acceptor_.is_open()) accept();
    });
  }

  observed& by_;
  weir::client_watch_options watch_;
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  std::jthread threads_[2];
};

} // namespace

TEST_CASE("scope: a stock session's requests are observed, one after the other on a connection",
          "[beast][concurrent]") {
  observed by;
  existing_server server(by);
  {
    raw_client client(server.port());
    CHECK(client.get("/a").body == "hello\n");
    CHECK(client
              .ask("POST /b HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n"
                   "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\nabc")
              .body == "hello\n");
    CHECK(client.ask("GET /c HTTP/1.0\r\n\r\n").body == "hello\n");
    CHECK(client.at_end());
  }
  server.stop();
  const auto access = by.access_lines();
  const auto app = by.lines_of("app");
  REQUIRE(access.size() == 3);
  REQUIRE(app.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(json_member(access[i], "outcome") == "completed");
    CHECK(json_member(access[i], "http.response.status_code") == "200");
    CHECK(json_member(access[i], "http.response.body.size") == "6");
    CHECK(json_member(access[i], "client.address") == "127.0.0.1");
    CHECK(json_member(app[i], "message") == "handling /" + std::string(1, static_cast<char>('a' + i)));
    CHECK(json_member(app[i], "trace_id") == json_member(access[i], "trace_id"));
    CHECK(json_member(app[i], "span_id") == json_member(access[i], "span_id"));
  }
  CHECK(json_member(access[1], "trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(json_member(access[1], "http.request.body.size") == "3");
  CHECK(json_member(access[2], "network.protocol.version") == "1.0");
  CHECK(by.active() == 0);
}

TEST_CASE("scope: a stock session learns that its client has gone while it waits", "[beast][concurrent]") {
  observed by;
  existing_server server(by);
  raw_client closing(server.port()), resetting(server.port());
  for (raw_client* each : {&closing, &resetting}) each->send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n");
  closing.close();
  // Only when it has been read does a reset not take the request with it.
  while (by.lines_of("app").size() < 2) std::this_thread::yield();
  resetting.reset();
  server.stop();
  CHECK(by.cancelled({{"reason", "client_closed"}, {"phase", "handler"}}) == 1);
  CHECK(by.cancelled({{"reason", "client_reset"}, {"phase", "handler"}}) == 1);
  CHECK(by.active() == 0);
  for (const std::string& line : by.access_lines()) {
    CHECK(json_member(line, "message") == "GET /wait 499");
    CHECK(std::stod(json_member(line, "cancel.to_stop_s")) < 1);
  }
}

TEST_CASE("scope: a client that left while it was served is gone, though the kernel takes the answer to it",
          "[beast][concurrent]") {
  observed by;
  existing_server server(by);
  raw_client client(server.port());
  client.send("GET /deaf HTTP/1.1\r\nHost: test\r\n\r\n");
  client.shutdown_send(); // as close() looks from the server, but for what a write then gets
  CHECK(client.read().status == 200);
  server.stop();
  const auto access = by.access_lines();
  REQUIRE(access.size() == 1);
  CHECK(json_member(access[0], "message") == "GET /deaf 200");
  CHECK(json_member(access[0], "outcome") == "cancelled");
  CHECK(json_member(access[0], "error.type") == "client_closed");
  CHECK(json_member(access[0], "cancel.phase") == "handler");
  CHECK(by.cancelled({{"reason", "client_closed"}, {"phase", "handler"}}) == 1);
  CHECK(by.sum("weir_response_bytes_wasted_total") == 23);
}

TEST_CASE("scope: a write that fails because its client has gone is a cancelled request", "[beast][concurrent]") {
  observed by;
  existing_server server(by);
  raw_client client(server.port());
  client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
  client.take(1 << 20);
  client.reset();
  server.stop();
  CHECK(by.cancelled({{"phase", "write"}}) == 1);
  CHECK(by.finished({{"http_response_status_code", "200"}}) == 1);
  CHECK(by.active() == 0);
  // Not its whole body, but what had been written of it.
  const double written = std::stod(json_member(by.access_lines().at(0), "http.response.body.size"));
  CHECK(written > (1 << 20) - 1000); // without the header
  CHECK(written < large_body);
  CHECK(by.sum("weir_response_bytes_wasted_total") == written);
}

TEST_CASE("scope: a caller gets its request's id back, and 504 if it has given up", "[beast][concurrent]") {
  observed by;
  existing_server server(by);
  {
    raw_client client(server.port());
    const auto answer = client.ask("GET /a HTTP/1.1\r\nHost: test\r\nX-Request-ID: req-1\r\n\r\n");
    CHECK(answer.header("X-Request-ID") == "req-1");
    CHECK(client.get("/b").header("X-Request-ID") == "(absent)");
    CHECK(client.ask("GET /c HTTP/1.1\r\nHost: test\r\nX-Request-Timeout-Ms: -1\r\n\r\n").status == 504);
  }
  server.stop();
  const auto access = by.access_lines();
  REQUIRE(access.size() == 3);
  CHECK(json_member(access[0], "http.request.id") == "req-1");
  CHECK(json_member(access[2], "outcome") == "refused");
  CHECK(json_member(access[2], "error.type") == "deadline");
  CHECK(json_member(access[2], "cancel.phase") == "read");
  CHECK(by.lines_of("app").size() == 2);
}

TEST_CASE("scope: a request whose time is over is answered: 504 if it was its caller's, else 503",
          "[beast][concurrent]") {
  const auto [ours, header, status, reason] =
      GENERATE(table<std::chrono::milliseconds, std::string, unsigned, std::string>(
          {{0ms, "X-Request-Timeout-Ms: 30\r\n", 504, "deadline"}, {30ms, "", 503, "timeout"}}));
  observed by({.default_deadline = ours});
  existing_server server(by);
  {
    raw_client client(server.port());
    CHECK(client.ask("GET /wait HTTP/1.1\r\nHost: test\r\n" + header + "\r\n").status == status);
    CHECK(client.get("/again").status == 200);
  }
  server.stop();
  const auto access = by.access_lines();
  REQUIRE(access.size() == 2);
  CHECK(json_member(access[0], "outcome") == "timed_out");
  CHECK(json_member(access[0], "error.type") == reason);
  CHECK(json_member(access[0], "http.response.status_code") == std::to_string(status));
  CHECK(json_member(access[1], "outcome") == "completed");
}

TEST_CASE("scope: what is under way when a server halts ended with its base, for the reason shutdown",
          "[beast][concurrent]") {
  auto [serving, end_serving] = weir::with_cancel(weir::background());
  observed by({.base = serving});
  {
    existing_server server(by);
    raw_client client(server.port());
    client.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n");
    while (by.lines_of("app").empty()) std::this_thread::yield();
    end_serving(cancel_reason::shutdown);
    server.halt();
  }
  CHECK(by.cancelled({{"reason", "shutdown"}, {"phase", "handler"}}) == 1);
  CHECK(by.access_lines().size() == 1);
  CHECK(by.active() == 0);
}

TEST_CASE("scope: a session that is dropped without a word is finished all the same", "[beast][concurrent]") {
  observed by;
  existing_server server(by);
  raw_client client(server.port());
  client.send("GET /drop HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(client.at_end());
  server.stop();
  const auto access = by.access_lines();
  REQUIRE(access.size() == 1);
  CHECK(json_member(access[0], "outcome") == "failed");
  CHECK(json_member(access[0], "error.message") == "given up");
  CHECK(by.active() == 0);
}

TEST_CASE("scope: a connection that is handed over ends its request, and nothing there changes that", "[beast]") {
  observed by;
  boost::asio::io_context io;
  const weir_test::raw_listener listener;
  auto client = listener.connect();
  boost::beast::tcp_stream stream(asio::ip::tcp::socket(io, asio::ip::tcp::v4(), ::dup(listener.accept().get())));
  weir::request_scope scope(by.observer, stream, {.arm_after = 1ms});
  http::request<http::string_body> request(http::verb::get, "/channel", 11);
  scope.begin(request);
  const weir::context of_request = scope.ctx();
  boost::beast::tcp_stream moved(std::move(stream));

  SECTION("by 101") {
    scope.upgraded({});
    CHECK(of_request.done()); // whatever follows is no part of the request
    client.reset();
    io.run();
    scope.finish(asio::error::connection_reset, 7);
    const auto access = by.access_lines();
    REQUIRE(access.size() == 1);
    CHECK(json_member(access[0], "outcome") == "upgraded");
    CHECK(json_member(access[0], "message") == "GET /channel 101");
    CHECK(json_member(access[0], "level") == "info");
    CHECK(by.finished({{"http_response_status_code", "101"}, {"error_type", ""}}) == 1);
    CHECK(by.cancelled() == 0);
  }
  SECTION("by another status") {
    scope.upgraded({}, 200);
    CHECK(by.finished({{"http_response_status_code", "200"}, {"error_type", ""}}) == 1);
  }
  SECTION("or not, as it was asked for wrongly") {
    const auto [error, status] = GENERATE(table<boost::beast::websocket::error, std::string>(
        {{boost::beast::websocket::error::no_sec_key, "400"},
         {boost::beast::websocket::error::bad_sec_version, "426"}}));
    scope.upgraded(error);
    CHECK(by.finished({{"http_response_status_code", status}, {"error_type", "protocol_error"}}) == 1);
  }
  SECTION("or not, as the client has gone") {
    scope.upgraded(asio::error::connection_reset);
    CHECK(by.cancelled({{"reason", "client_reset"}, {"phase", "handler"}}) == 1);
  }
  CHECK(by.finished() == 1);
  CHECK(by.active() == 0);
}

TEST_CASE("scope: what an error says about the client", "[beast]") {
  CHECK(weir::reason_of(asio::error::eof) == cancel_reason::client_closed);
  CHECK(weir::reason_of(http::make_error_code(http::error::end_of_stream)) == cancel_reason::client_closed);
  CHECK(weir::reason_of(http::make_error_code(http::error::partial_message)) == cancel_reason::client_closed);
  CHECK(weir::reason_of(boost::beast::error::timeout) == cancel_reason::timeout);
  CHECK(weir::reason_of(asio::error::operation_aborted) == cancel_reason::application);
  CHECK(weir::reason_of(asio::error::connection_reset) == cancel_reason::client_reset);
  CHECK(weir::reason_of(asio::error::broken_pipe) == cancel_reason::client_reset);
}
