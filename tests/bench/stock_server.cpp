#include "stock_server.hpp"

#include <weir/beast/request_scope.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket&& socket, const stock_server::handler& answer, weir::request_observer* observer)
      : stream_(std::move(socket)), answer_(answer) {
    if (observer != nullptr) scope_.emplace(*observer, stream_); // weir
  }

  void run() {
    asio::dispatch(stream_.get_executor(), beast::bind_front_handler(&session::read, shared_from_this()));
  }

 private:
  void read() {
    request_ = {}; // a parser adds to what is there
    stream_.expires_after(std::chrono::seconds(30));
    http::async_read(stream_, buffer_, request_, beast::bind_front_handler(&session::on_read, shared_from_this()));
  }

  void on_read(beast::error_code error, std::size_t) {
    if (error == http::error::end_of_stream) return close();
    if (error) return;
    if (scope_) scope_->begin(request_, request_.body().size()); // weir
    handle();
    if (scope_) scope_->responding(response_); // weir
    http::async_write(stream_, response_, beast::bind_front_handler(&session::on_write, shared_from_this()));
  }

  void handle() {
    std::optional<std::string> body = answer_({request_.target().data(), request_.target().size()});
    auto status = body ? http::status::ok : http::status::not_found;
    if (scope_) // weir
      if (const unsigned late = scope_->status_if_late()) status = http::status(late);
    response_ = http::response<http::string_body>(status, request_.version());
    response_.set(http::field::server, BOOST_BEAST_VERSION_STRING);
    response_.set(http::field::content_type, "text/plain");
    response_.keep_alive(request_.keep_alive());
    response_.body() = body ? *std::move(body) : "not found\n";
    response_.prepare_payload();
  }

  void on_write(beast::error_code error, std::size_t bytes) {
    if (scope_) scope_->finish(error, response_, bytes); // weir
    if (error) return;
    if (!response_.keep_alive()) return close();
    read();
  }

  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  const stock_server::handler& answer_;
  std::optional<weir::request_scope> scope_; // weir
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

} // namespace

stock_server::stock_server(unsigned threads, handler answer, weir::request_observer* observer)
    : threads_(threads),
      answer_(std::move(answer)),
      observer_(observer),
      io_(static_cast<int>(threads)),
      acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

void stock_server::accept() {
  acceptor_.async_accept(asio::make_strand(io_), [this](beast::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) std::make_shared<session>(std::move(socket), answer_, observer_)->run();
    accept();
  });
}

void stock_server::run() {
  accept();
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads_; ++i) others.emplace_back([this] { io_.run(); });
  io_.run();
}

} // namespace bench
