// A callback-style Beast server with TLS, as it stands in many programs. The lines that weir adds to it are marked.
//
//   build/release/examples/19_tls_server 8443 [certificate.pem key.pem]
//   curl --insecure https://127.0.0.1:8443/
//
// You will see one access record a request on standard error, with trace ids, and for a client that goes while it is
// served (curl --insecure --max-time 0.2 https://127.0.0.1:8443/) one that says client_closed.
#include <weir/beast/request_scope.hpp> // weir
#include <weir/log.hpp>                 // weir

#include "self_signed.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;

weir::request_observer requests({.access_log = &weir::default_log().get_logger("access")}); // weir

class session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket socket, ssl::context& tls)
      : stream_(std::move(socket), tls), thinking_(stream_.get_executor()) {}

  void run() {
    scope_.read_ahead(stream_, buffer_, weak_from_this()); // weir
    beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(30));
    stream_.async_handshake(ssl::stream_base::server, [self = shared_from_this()](beast::error_code error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    request_ = {};
    beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(30));
    http::async_read(stream_, buffer_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->handle();
    });
  }

  void handle() {
    scope_.begin(request_, request_.body().size()); // weir
    // Stands for a database or another service: half a second of waiting, unless the client goes first.
    thinking_.expires_after(std::chrono::milliseconds(500));
    const auto waited = [self = shared_from_this()](beast::error_code error) {
      if (!error) return self->write(http::status::ok, "hello\n");
      if (const unsigned late = self->scope_.status_if_late()) self->write(http::status(late), "too late\n"); // weir
    };
    thinking_.async_wait(asio::bind_cancellation_slot(scope_.slot(), waited)); // weir
  }

  void write(http::status status, std::string text) {
    response_ = http::response<http::string_body>(status, request_.version());
    response_.keep_alive(request_.keep_alive());
    response_.body() = std::move(text);
    response_.prepare_payload();
    scope_.responding(response_); // weir
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
      self->scope_.finish(error, self->response_, bytes); // weir
      if (error) return;
      self->response_.keep_alive() ? self->read() : self->close();
    });
  }

  void close() {
    beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(30));
    stream_.async_shutdown([self = shared_from_this()](beast::error_code) {});
  }

  beast::ssl_stream<beast::tcp_stream> stream_;
  weir::request_scope scope_{requests, stream_}; // weir
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  asio::steady_timer thinking_;
};

class listener {
 public:
  listener(asio::io_context& io, const tcp::endpoint& endpoint, ssl::context& tls)
      : acceptor_(io, endpoint), tls_(tls) {}

  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return pause(); // no descriptors, mostly: others have to close theirs
      std::make_shared<session>(std::move(socket), tls_)->run();
      accept();
    });
  }

  unsigned port() const { return acceptor_.local_endpoint().port(); }

 private:
  void pause() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](beast::error_code error) {
      if (!error) accept();
    });
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_{acceptor_.get_executor()};
  ssl::context& tls_;
};

int main(int count, char** words) {
  try {
    const int port = count > 1 ? std::stoi(words[1]) : 8443;
    if (port < 0 || port > 65535) throw std::out_of_range("no such port: " + std::to_string(port));
    ssl::context tls(ssl::context::tls_server);
    if (count > 3) {
      tls.use_certificate_chain_file(words[2]);
      tls.use_private_key_file(words[3], ssl::context::pem);
    } else {
      use_self_signed_certificate(tls);
    }
    asio::io_context io;
    listener server(io, {asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)}, tls);
    server.accept();
    asio::signal_set stop(io, SIGINT, SIGTERM);
    stop.async_wait([&](beast::error_code, int) { io.stop(); });
    std::printf("serving on https://127.0.0.1:%u\n", server.port());
    std::fflush(stdout);
    io.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "19_tls_server: %s\n", error.what());
    return 1;
  }
}
