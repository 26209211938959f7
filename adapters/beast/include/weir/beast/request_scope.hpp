// What an existing Beast session takes in: three calls around the handling of a request.
#pragma once

#include "weir/asio/slot_link.hpp"
#include "weir/beast/asio_build.hpp"
#include "weir/beast/client_watch.hpp"
#include "weir/beast/record_limit.hpp"
#include "weir/http/exchange.hpp"
#include "weir/http/observer.hpp"
#include "weir/http/request_headers.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp> // what slot() is for
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/message_generator.hpp>
#include <boost/none.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weir {

namespace detail {

/// A connection, whatever its stream's type.
struct scoped_connection {
  void* socket;
  int (*descriptor)(void* socket);
  std::string peer; // the address without its port; "" if it has gone already
  std::string_view scheme;
};

/// As text; of an IPv4 client of a socket for both kinds, its own, without `::ffff:`. Errors: throws std::bad_alloc.
std::string address_text(const boost::asio::ip::address& address);

/// Whether one of the stream's layers is TLS: Asio's and Beast's have this enumeration from ssl::stream_base.
template <class Stream>
constexpr bool is_tls() {
  if constexpr (requires { typename Stream::handshake_type; })
    return true;
  else if constexpr (requires(Stream & stream) { stream.next_layer(); })
    return is_tls<std::remove_cvref_t<decltype(std::declval<Stream&>().next_layer())>>();
  else
    return false;
}

/// OpenSSL's object of that layer; nullptr where it is another library's.
template <class Stream>
ssl_st* tls_of(Stream& stream) {
  if constexpr (!requires { typename Stream::handshake_type; })
    return tls_of(stream.next_layer());
  else if constexpr (requires {
                       { stream.native_handle() } -> std::convertible_to<ssl_st*>;
                     })
    return stream.native_handle();
  else
    return nullptr;
}

template <class Stream>
auto& socket_of(Stream& stream) {
  auto& lowest = boost::beast::get_lowest_layer(stream);
  if constexpr (requires { lowest.socket(); })
    return lowest.socket();
  else
    return lowest;
}

template <class Stream>
scoped_connection connection_of(Stream& stream) {
  auto& socket = socket_of(stream);
  using socket_type = std::remove_reference_t<decltype(socket)>;
  std::string peer;
  boost::system::error_code error;
  if constexpr (requires { socket.remote_endpoint(error).address(); }) {
    const auto endpoint = socket.remote_endpoint(error);
    if (!error) peer = address_text(endpoint.address());
  }
  return {&socket, [](void* erased) -> int { return static_cast<socket_type*>(erased)->native_handle(); },
          std::move(peer), is_tls<Stream>() ? "https" : "http"};
}

/// Of a response's header, as it is on the wire (RFC 9112 sections 4 and 5).
template <class Header>
std::uint64_t bytes_of(const Header& header) {
  std::uint64_t bytes = std::string_view("HTTP/1.1 200 \r\n\r\n").size() + header.reason().size();
  for (const auto& each : header)
    bytes += each.name_string().size() + each.value().size() + std::string_view(": \r\n").size();
  return bytes;
}

/// Reads what is there, without waiting for more: would_block if that is nothing, neither bytes nor an error if it is
/// too much that has no bytes in it. Precondition: is_tls<Stream>().
template <class Stream>
std::size_t read_at_once(Stream& stream, boost::asio::mutable_buffer into, boost::system::error_code& error) {
  auto& socket = socket_of(stream);
  const bool waits = !socket.non_blocking();
  if (waits) socket.non_blocking(true, error);
  if (error) return 0;
  const record_limit limit(tls_of(stream));
  const std::size_t bytes = stream.read_some(into, error);
  if (limit.was_reached()) error = {};
  boost::system::error_code ignored;
  if (waits) socket.non_blocking(false, ignored);
  return bytes;
}

} // namespace detail

/// What an error of a read or a write on a connection says about its client: client_closed for an orderly end,
/// whatever TLS had to say about it, client_reset for a broken connection, of a silent peer too (ETIMEDOUT), timeout
/// for Beast's, application for an operation that this side cancelled.
cancel_reason reason_of(const boost::system::error_code& error) noexcept;

/// Observes the requests of one connection, one after the other, one at a time. A session that begins the next
/// request before the response of the last one is written has a scope for each of those that are under way.
///
///   scope.begin(request);                 // the header is parsed: log ids, context and metrics start here
///   … handle the request under scope.ctx() …
///   scope.responding(response);           // the response goes out
///   scope.finish(error, response, bytes); // it was written, or could not be
///
/// Leaving out the later calls on some way out is safe: the destructor and the next begin() finish what is open.
///
/// That the client has gone is seen only while the io_context runs, for which one thread is enough. In a server whose
/// threads block, and where nobody runs it, all else is observed, and of the client only a write that fails tells.
///
/// Thread safety: on the connection's executor (strand), except ctx()'s own. Lifetime: destroyed before the observer,
/// and before the io_context or with it. Only begin(), and what read_ahead() has asked for, need the stream: once a
/// request has begun it may be moved from and destroyed, and the scope go on to the request's end. Cost: see exchange
/// and client_watch; in steady state a request allocates nothing but for slot().
class request_scope {
 public:
  using fields = boost::beast::http::fields;

  /// `connection`: a connected socket, a beast::tcp_stream, or layers around one of them: beast::ssl_stream,
  /// asio::ssl::stream, with any executor. It is asked for its executor, its socket's descriptor and peer; with a
  /// layer of TLS the scheme is https. Errors: as client_watch's constructor.
  template <class Stream>
  request_scope(request_observer& observer, Stream& connection, client_watch_options options = {})
      : request_scope(observer, connection.get_executor(), detail::connection_of(connection), options) {}

  /// For streams with TLS, before the first begin(): a client that says in TLS that it goes (close_notify), and keeps
  /// its socket open, has gone, too. Once a request is watched, and whenever something comes from the client after
  /// that, until responding(), one byte is read through the stream, without waiting for it: an end counts as the
  /// client's, and a byte, the beginning of the next request, is put into `buffer`, where the session's next read
  /// finds it. What is behind that byte is not looked at, nor is anything while the response is written: a client may
  /// end its side in TLS and go on reading. Nor does a look go on for as long as a client sends records without data,
  /// such as new keys: after 32 of them in one look the request is looked at no more, and TCP's end alone counts.
  /// Precondition: requests have been read whole when they begin; between begin() and responding(), finish() or
  /// upgraded() the session neither reads nor writes. `owner`: keeps stream, buffer and this scope alive. With
  /// half_close_policy::ignore, or without TLS, nothing is read.
  ///
  ///   scope_.read_ahead(stream_, buffer_, weak_from_this());
  template <class Stream, class DynamicBuffer>
  void read_ahead(Stream& stream, DynamicBuffer& buffer, std::weak_ptr<void> owner) {
    if constexpr (detail::is_tls<Stream>()) {
      if (half_close_ == half_close_policy::ignore) return;
      look_ = [this, &stream, &buffer, owner = std::move(owner)] {
        if (const auto alive = owner.lock()) look_ahead(stream, buffer);
      };
    }
  }

  /// A request's header has been read; its body, if one is left to read, is `bytes_of_body` long as far as known.
  /// Starts the client watch. `received`: when its first byte was read; the epoch means now.
  void begin(const boost::beast::http::request_header<fields>& request, std::uint64_t bytes_of_body = 0,
             std::chrono::steady_clock::time_point received = {});
  /// The same of a header with an allocator of the session's own.
  template <class Allocator>
  void begin(const boost::beast::http::request_header<boost::beast::http::basic_fields<Allocator>>& request,
             std::uint64_t bytes_of_body = 0, std::chrono::steady_clock::time_point received = {}) {
    request_headers headers(exchange_.observer());
    for (const auto& each : request) headers.take(each.name_string(), each.value());
    begin({.method = request.method_string(), .target = request.target(), .version = request.version()}, headers,
          bytes_of_body, received);
  }

  /// Whether the caller's own deadline had passed when the request came. If so the exchange counts as refused: answer
  /// 504 at once, without doing the work, as nobody waits for it.
  bool refuse_if_expired() noexcept;
  /// What to answer where the request's time is over, before or while it was handled: 504 if that was its caller's,
  /// 503 if it was the server's own. The exchange then counts as refused or timed out, whatever is sent. 0: it is not
  /// over, or somebody has gone; then there is nobody to answer.
  unsigned status_if_late() noexcept;

  /// The request's context: done when the client goes, or the caller's or the server's deadline passes. Pass it on,
  /// or make it current: context_scope under(scope.ctx());
  const context& ctx() const noexcept { return exchange_.ctx(); }
  exchange& current() noexcept { return exchange_; }
  /// For what the request waits for with a callback: set off, on the connection's executor, when the context ends.
  ///
  ///   timer.async_wait(asio::bind_cancellation_slot(scope.slot(), handler));
  ///
  /// A slot takes one operation after the other; it is over with the request. Errors: throws std::bad_alloc. Cost:
  /// see slot_link; nothing for requests that do not ask for it.
  boost::asio::cancellation_slot slot();

  /// Gives the client the request's id, if it has one, as `X-Request-ID`; one that is there stays. Errors: throws
  /// std::bad_alloc.
  template <class Allocator>
  void identify(boost::beast::http::response_header<boost::beast::http::basic_fields<Allocator>>& response) const {
    constexpr const char* name = "X-Request-ID";
    const std::string_view id = exchange_.facts().request_id;
    if (!id.empty() && response.find(name) == response.end()) response.set(name, {id.data(), id.size()});
  }
  /// The response's header is about to be written.
  template <class Allocator>
  void responding(
      const boost::beast::http::response_header<boost::beast::http::basic_fields<Allocator>>& response) noexcept {
    responding(response.result_int());
  }
  /// The same of a response whose type is gone, before it is moved into async_write:
  ///
  ///   scope_.responding(response);
  ///   beast::async_write(stream_, std::move(response), …);
  ///
  /// finish() then takes the bytes as that write's handler gets them, the header's among them, which are taken off
  /// again. Boost shows eight fields of a header before it is written: of a longer one the others count as body, and
  /// of a chunked body its chunks' own lines do. Cost: looks at each byte of the header.
  void responding(boost::beast::http::message_generator& response) noexcept;
  /// The write ended: `error` as the handler of async_write got it, `bytes_of_body` of the response's body written;
  /// of a message_generator all that were written.
  void finish(const boost::system::error_code& error, std::uint64_t bytes_of_body = 0) noexcept;
  /// The same with the response, and the bytes `written` as the handler of async_write got them, the header's among
  /// them. Of one that was broken off, what of its body had been written counts; of a chunked one without its size,
  /// its chunks' own lines count, too. Where only the header was written, for HEAD, call finish(error). Cost: looks at
  /// each field where it was broken off, or its body has no size.
  template <class Body, class Allocator>
  void finish(const boost::system::error_code& error,
              const boost::beast::http::response<Body, boost::beast::http::basic_fields<Allocator>>& response,
              std::size_t written) noexcept {
    const auto size = error ? boost::none : response.payload_size();
    finish(error, size ? *size : written - std::min<std::uint64_t>(written, detail::bytes_of(response)));
  }
  /// Instead of both, where the connection goes over to another protocol: it was handed over, or could not be.
  /// `error` as the handler of websocket::stream::async_accept got it, which has sent 101, or has refused what was no
  /// request for a WebSocket: then the body that Beast gives a refusal, the error's text, counts as sent, and not
  /// what a decorator may have put in its place. `status` what was sent where it was something else, as CONNECT's
  /// 200. The outcome is upgraded, and stays that; the stream may have been moved from since begin().
  void upgraded(const boost::system::error_code& error, unsigned status = 101) noexcept;

  /// What is read ahead ends here, until the next begin(): for whoever has called read_ahead(), before the stream is
  /// moved, or another protocol written to it.
  void handing_over() noexcept { may_look_ = false; }

 private:
  [[gnu::abi_tag(WEIR_ASIO_BUILD)]] request_scope(request_observer& observer, boost::asio::any_io_executor executor,
                                                  detail::scoped_connection connection, client_watch_options options);

  void begin(request_head head, const request_headers& headers, std::uint64_t bytes_of_body,
             std::chrono::steady_clock::time_point received);
  void responding(unsigned status) noexcept;
  bool has_room() const noexcept;
  void looked_ahead(const boost::system::error_code& error) noexcept;

  template <class Stream, class DynamicBuffer>
  void look_ahead(Stream& stream, DynamicBuffer& buffer) {
    if (!may_look_ || buffer.size() != 0 || !has_room()) return;
    boost::system::error_code error;
    try {
      const auto room = buffer.prepare(1);
      buffer.commit(detail::read_at_once(stream, *boost::asio::buffer_sequence_begin(room), error));
    } catch (const std::exception&) { // no memory, or no room: the end of TCP still counts
      return;
    }
    if (buffer.size() == 0) looked_ahead(error);
  }

  const detail::scoped_connection connection_;
  const boost::asio::any_io_executor executor_;
  exchange exchange_;
  client_watch watch_;
  const half_close_policy half_close_;
  std::function<void()> look_; // for reading ahead
  bool may_look_ = false;
  std::uint64_t bytes_of_header_ = 0; // that finish() is given with the body's
  std::optional<slot_link<boost::asio::any_io_executor>> link_;
};

} // namespace weir
