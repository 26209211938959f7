// A connection of the small server: its reads and writes, each with its time limit.
#pragma once

#include "request_parser.hpp"
#include "wait_limit.hpp"
#include "weir/asio/bind_ambient.hpp"
#include "weir/beast/message.hpp"
#include "weir/beast/route_limits.hpp"
#include "weir/beast/server.hpp"
#include "weir/context.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace weir::detail {

/// Its operations give errors instead of throwing them, beast::error::timeout where a limit has passed, and resume
/// with the slot's context current. They are awaited one at a time, on the socket's executor.
class connection {
  /// For operations: resumes with the slot's context, and gives the error. Before what uses it, as its type is
  /// deduced.
  auto token() const { return bind_ambient(slot_, boost::asio::as_tuple(boost::asio::use_awaitable)); }

 public:
  using parser = request_parser;
  using error_code = boost::system::error_code;
  using head_type = boost::beast::http::request_header<>;
  using pieces = std::array<boost::asio::const_buffer, 3>; // those behind may be empty
  using awaitable_error = boost::asio::awaitable<error_code>;

  /// `slot`: nullptr for none. Lifetime: slot and options outlive it.
  connection(server_socket socket, const server_options& options, const ambient_slot* slot);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  server_socket& socket() noexcept { return socket_; }
  server_socket::executor_type executor() noexcept { return socket_.get_executor(); }

  /// A request's header: its first byte within idle_timeout, and all of it within header_timeout from then on.
  /// `now`: of who has just read the clock; the epoch means that nobody has.
  awaitable_error read_header(parser& incoming, std::chrono::steady_clock::time_point now = {});
  /// When the first byte of that header had come, if it did not come whole; else the epoch.
  std::chrono::steady_clock::time_point header_began() const noexcept { return header_began_; }
  /// From now on read_header() takes in what has been read, and ends with error::shut_down instead of waiting for
  /// more. One that waits already is to be cancelled.
  void expect_no_more() noexcept { expects_more_ = false; }
  /// Whether something of another request has been read.
  bool has_unread() const noexcept { return buffer_.size() != 0; }
  /// The rest of the request that began with `head`, which need not be in the parser any more. Ends early, with
  /// operation_aborted, if `ctx` is done.
  awaitable_error read_body(parser& incoming, const head_type& head, const route_limits& limits, const context& ctx);
  /// The same, of a request that has been answered without it: for the next one's sake.
  awaitable_error skip_body(parser& incoming, const route_limits& limits);
  /// Whether skip_body() is worth its while: so that the client may be told that the connection stays.
  static bool may_skip_body(const parser& incoming, const head_type& head);

  /// The whole of a response that is small and answers a request which had to be waited for, if the client takes it
  /// in at once: no operation is started then. False if there is more to do, for send().
  bool send_at_once(const http_response::message_type& message, error_code& error);
  /// In as many writes as the client takes it in. It has `limit` for each part that it takes, however small. Goes on
  /// where send_at_once() had to stop.
  awaitable_error send(http_response::message_type& message, std::chrono::milliseconds limit);
  /// Of a message its header: all of an empty one that is sent in chunks would be their end, too.
  template <class Body>
  awaitable_error send_header(boost::beast::http::response<Body>& message, std::chrono::milliseconds limit) {
    boost::beast::http::response_serializer<Body> outgoing(message);
    limit_.begin_write(limit);
    auto [error, written] = co_await boost::beast::http::async_write_header(socket_, outgoing, token());
    co_return limit_.end() ? boost::beast::error::timeout : error;
  }
  /// The memory, as send(); ends early, with operation_aborted, if `ctx` is done. `written`: how much of it,
  /// whatever the result.
  awaitable_error write(pieces from, std::chrono::milliseconds limit, const context& ctx, std::size_t& written);

  /// Whether the connection is to be reset at its end, whoever brings that about: for a body that ends with it, and
  /// is not whole yet. To its client an end in order would be that of the body.
  void reset_at_end(bool resets) noexcept;
  /// Ends this side in order, unless it is to be reset.
  void shutdown_send() noexcept;
  /// Ends what is waited for, with operation_aborted.
  void cancel() noexcept;
  void close() noexcept;
  /// Takes in, for a while and not too fast, what the client still sends: closing with unread bytes would reset the
  /// connection, and the client might never see the response.
  boost::asio::awaitable<void> drain();

 private:
  awaitable_error read_some(std::size_t room);
  error_code parse(parser& incoming);
  awaitable_error read_rest_of_header(parser& incoming);
  awaitable_error read_data(parser& incoming, const route_limits& limits, const context& ctx);
  awaitable_error invite(unsigned version, std::chrono::milliseconds limit);

  const server_options& options_;
  const ambient_slot* const slot_;
  server_socket socket_;
  wait_limit limit_{socket_};
  boost::beast::flat_buffer buffer_;
  std::string unsent_;  // of a response that send_at_once() has begun with
  bool waited_ = false; // for the request at hand: it had not come with the one before
  std::chrono::steady_clock::time_point header_began_{};
  bool expects_more_ = true;
  bool resets_at_end_ = false;
};

} // namespace weir::detail
