// What an existing Beast session takes in: three calls around the handling of a request.
#pragma once

#include "weir/beast/client_watch.hpp"
#include "weir/http/exchange.hpp"
#include "weir/http/observer.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace weir {

/// Observes the requests of one connection, one after the other:
///
///   scope.begin(request);                 // the header is parsed: log ids, context and metrics start here
///   … handle the request under scope.ctx() …
///   scope.responding(response);           // the response goes out
///   scope.finish(error);                  // it was written, or could not be
///
/// Leaving out the later calls on some way out is safe: the destructor and the next begin() finish what is open.
///
/// Thread safety: on the connection's executor (strand), except ctx()'s own. Lifetime: destroyed before the observer,
/// and together with, or before, the socket. Cost: see exchange and client_watch; allocates for the request's
/// context.
class request_scope {
 public:
  using stream = boost::beast::tcp_stream;
  using fields = boost::beast::http::fields;

  /// Errors: as client_watch's constructor.
  request_scope(request_observer& observer, stream& connection, client_watch_options options = {});

  /// A request's header has been read; its body, if one is left to read, is `bytes_of_body` long as far as known.
  /// Starts the client watch. `received`: when its first byte was read; the epoch means now.
  void begin(const boost::beast::http::request_header<fields>& request, std::uint64_t bytes_of_body = 0,
             std::chrono::steady_clock::time_point received = {});

  /// Whether the caller's own deadline had passed when the request came. If so the exchange counts as refused: answer
  /// 504 at once, without doing the work, as nobody waits for it.
  bool refuse_if_expired() noexcept;

  /// The request's context: done when the client goes, or the caller's or the server's deadline passes. Pass it on,
  /// or make it current: context_scope under(scope.ctx());
  const context& ctx() const noexcept { return exchange_.ctx(); }
  exchange& current() noexcept { return exchange_; }

  /// Gives the client the request's id, if it has one, as `X-Request-ID`. Errors: throws std::bad_alloc.
  void identify(boost::beast::http::response_header<fields>& response) const;
  /// The response's header is about to be written.
  void responding(const boost::beast::http::response_header<fields>& response) noexcept;
  /// The write ended: `error` as the handler of async_write got it, `bytes_of_body` of the response's body written.
  void finish(const boost::system::error_code& error, std::uint64_t bytes_of_body = 0) noexcept;

 private:
  stream& connection_;
  exchange exchange_;
  client_watch watch_;
  std::string peer_;
};

/// What an error of a read or a write on a connection says about its client: client_closed for an orderly end,
/// client_reset for a broken connection, timeout for Beast's, application for an operation that this side cancelled.
cancel_reason reason_of(const boost::system::error_code& error) noexcept;

} // namespace weir
