#include "weir/beast/request_scope.hpp"

#include "heads.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace weir {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace websocket = boost::beast::websocket;

namespace {

/// Of a handshake that async_accept() has refused, with a response of its own.
bool is_refusal(const boost::system::error_code& error) noexcept {
  static const boost::system::error_code refusal = websocket::make_error_code(websocket::error::no_upgrade);
  return error.category() == refusal.category();
}

/// Of the body that Beast gives such a response: the error's text.
std::size_t bytes_of_refusal(const boost::system::error_code& error) noexcept {
  std::array<char, 256> text;
  return std::string_view(error.message(text.data(), text.size())).size();
}

/// A response's header, as far as it goes out in one with what is behind it.
class seen_header {
 public:
  /// Whether it ends in `text`, which goes on from the last one.
  bool take(std::string_view text) noexcept {
    for (const char each : text) {
      if (bytes_ >= status_at && bytes_ < status_at + 3) status_ = status_ * 10 + static_cast<unsigned>(each - '0');
      ++bytes_;
      constexpr std::string_view end = "\r\n\r\n";
      matched_ = each == end[matched_] ? matched_ + 1 : each == end[0] ? 1 : 0;
      if (matched_ == end.size()) return true;
    }
    return false;
  }
  unsigned status() const noexcept { return status_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::uint64_t status_at = std::string_view("HTTP/1.1 ").size();

  unsigned status_ = 0;
  std::uint64_t bytes_ = 0;
  std::size_t matched_ = 0;
};

} // namespace

std::string detail::address_text(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address.to_string();
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
}

request_scope::request_scope(request_observer& observer, asio::any_io_executor executor,
                             detail::scoped_connection connection, client_watch_options options)
    : connection_(std::move(connection)),
      executor_(std::move(executor)),
      exchange_(observer),
      watch_(executor_, options),
      half_close_(options.half_close) {}

/// TLS may have to answer what it reads: there must be room for that in the socket, as an answer cut off would break
/// the stream.
bool request_scope::has_room() const noexcept {
  pollfd socket{.fd = connection_.descriptor(connection_.socket), .events = POLLOUT, .revents = 0};
  return ::poll(&socket, 1, 0) == 1 && (socket.revents & POLLOUT) != 0;
}

void request_scope::looked_ahead(const boost::system::error_code& error) noexcept {
  if (error == asio::error::would_block)
    watch_.expect_input();
  else if (error)
    exchange_.cancel(reason_of(error));
}

asio::cancellation_slot request_scope::slot() {
  if (!link_) link_.emplace(ctx(), executor_);
  return link_->slot();
}

void request_scope::begin(const http::request_header<fields>& request, std::uint64_t bytes_of_body,
                          std::chrono::steady_clock::time_point received) {
  request_headers headers(exchange_.observer());
  detail::take_all(headers, request);
  begin({.method = detail::to_view(request.method_string()),
         .target = detail::to_view(request.target()),
         .version = request.version()},
        headers, bytes_of_body, received);
}

void request_scope::begin(request_head head, const request_headers& headers, std::uint64_t bytes_of_body,
                          std::chrono::steady_clock::time_point received) {
  watch_.stop();
  link_.reset();
  head.scheme = connection_.scheme;
  head.peer = connection_.peer;
  head.headers = &headers;
  head.received = received;
  exchange_.begin(head);
  exchange_.add_request_bytes(bytes_of_body);
  may_look_ = true;
  bytes_of_header_ = 0;
  // Nothing has been waited for since that was read, unless the session says when it was.
  if (!exchange_.expired_on_arrival())
    exchange_.handler_started(received == exchange_record::time_point() ? exchange_.facts().received
                                                                        : exchange_record::time_point());
  watch_.start(connection_.descriptor(connection_.socket), exchange_, look_ ? &look_ : nullptr, connection_.socket);
}

bool request_scope::refuse_if_expired() noexcept {
  if (!exchange_.expired_on_arrival()) return false;
  exchange_.refused(cancel_reason::deadline);
  return true;
}

unsigned request_scope::status_if_late() noexcept { return exchange_.status_if_late(); }

void request_scope::responding(unsigned status) noexcept {
  may_look_ = false;
  bytes_of_header_ = 0;
  // As a rule it has returned just now.
  const bool was_known = exchange_.facts().handler_returned != exchange_record::time_point();
  exchange_.handler_returned();
  exchange_.response_started(status, was_known ? exchange_record::time_point() : exchange_.facts().handler_returned);
}

void request_scope::responding(http::message_generator& response) noexcept {
  seen_header header;
  try {
    boost::system::error_code ignored; // the write finds it again
    // What is not consumed stays: the write is shown the same.
    for (const asio::const_buffer& each : response.prepare(ignored))
      if (header.take({static_cast<const char*>(each.data()), each.size()})) break;
  } catch (...) { // no memory: the write says so, too
  }
  responding(header.status());
  bytes_of_header_ = header.bytes();
}

void request_scope::finish(const boost::system::error_code& error, std::uint64_t bytes_of_body) noexcept {
  watch_.stop();
  exchange_.add_response_bytes(bytes_of_body - std::min(bytes_of_body, std::exchange(bytes_of_header_, 0)));
  if (error)
    exchange_.cancel(reason_of(error));
  else
    exchange_.response_completed();
  exchange_.finish();
}

void request_scope::upgraded(const boost::system::error_code& error, unsigned status) noexcept {
  watch_.stop();
  exchange_.handler_returned();
  if (is_refusal(error)) {
    exchange_.response_started(error == websocket::error::bad_sec_version ? 426 : 400);
    exchange_.protocol_error("no WebSocket"); // fits without an allocation
    exchange_.add_response_bytes(bytes_of_refusal(error));
    exchange_.response_completed();
  } else if (error) {
    exchange_.cancel(reason_of(error));
  } else {
    exchange_.response_started(status);
    exchange_.upgraded();
  }
  exchange_.finish();
}

cancel_reason reason_of(const boost::system::error_code& error) noexcept {
  if (error == asio::error::eof || error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::ssl::error::stream_truncated)
    return cancel_reason::client_closed;
  if (error == beast::error::timeout) return cancel_reason::timeout;
  if (error == asio::error::operation_aborted) return cancel_reason::application;
  return cancel_reason::client_reset;
}

} // namespace weir
