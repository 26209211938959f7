// An HTTP/1.1 client whose calls carry on what their request's context has: trace, baggage, id, deadline.
#pragma once

#include "weir/beast/asio_build.hpp"
#include "weir/context.hpp"
#include "weir/http/outgoing_call.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/fields.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace weir {

/// What is asked of another server. It has a constructor, and not designated initialisers, because GCC 12 destroys an
/// aggregate twice that is made within a `co_await` expression.
struct client_request {
  /// `asked`: a method, any but CONNECT. `where`: `http://host[:port]/path?query`, or `https:`; a fragment is
  /// left out, and the host is the same in upper and in lower case.
  client_request(std::string asked, std::string where) : method(std::move(asked)), url(std::move(where)) {}

  std::string method;
  std::string url;
  /// Host and what the context carries are set by the client, whatever stands here; a tracestate is the context's or
  /// none. What is about the connection or the length of the body is refused: Connection, Content-Length, Keep-Alive,
  /// Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade.
  /// So is a name or a value above 65533 bytes.
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

/// What it said.
struct client_response {
  unsigned status = 0;
  /// Without trailers, which are checked, counted, and left out (RFC 9110 section 6.5.1).
  boost::beast::http::fields headers{};
  std::string body{};
};

/// A value out of range makes the constructor throw std::invalid_argument naming it.
struct client_options {
  call_observer_options observing{};
  /// For one call in all, if its context ends no earlier; 1 ms to 1 h. Servers are told the shorter of the two, under
  /// the name of observing.deadline_header.
  std::chrono::milliseconds timeout{30'000};
  /// Larger headers, trailers included, and bodies end a call. 1 KiB to 1 MiB; up to 1 GiB.
  std::uint32_t header_limit_bytes = 16 * 1024;
  std::uint64_t body_limit_bytes = 16 * 1024 * 1024;
  /// Connections kept open for the next call, for each server. 0 to 1024.
  std::size_t idle_connections = 16;
  /// The same for all servers together; one more takes the place of the oldest. 0 to 4096.
  std::size_t all_idle_connections = 256;
  /// For how long; best less than what the servers do. 1 ms to 1 h.
  std::chrono::milliseconds idle_timeout{30'000};
  /// For https: whom it trusts, versions, ciphers, a certificate of its own. nullptr: the system's authorities,
  /// TLS 1.2 and later. It is not changed as long as the client lives.
  std::shared_ptr<boost::asio::ssl::context> tls{};
  /// Whether a server's certificate has to be valid, trusted and for the URL's host, whatever `tls` says of that.
  /// Without, whoever is on the way can read and change everything.
  bool verify_servers = true;
};

/// Calls other servers, each call under a context:
///
///   weir::http_client client;
///   …
///   const weir::client_response stock = co_await client.send(request.ctx(), {"GET", "http://stock:8080/items/7"});
///
/// The call ends when the context does, and sends nothing if that was before; what it carries, and how it is counted
/// and logged: see outgoing_call.
/// It has one thread of its own, on which all its connections are; calls come from any executor and go on there.
/// Names are resolved by the system, up to eight at a time, on threads that are made when needed; a slow one
/// delays no call to another until there are so many of them, and none beyond its end. Of several addresses the first
/// that answers is taken (RFC 8305). Redirects are the caller's.
/// The environment's proxies (http_proxy, https_proxy, no_proxy) are not read: it connects to the URL's host itself.
/// Thread-safe. Lifetime: outlives its calls, so it stands before the server whose handlers use it.
class http_client {
 public:
  /// Errors: std::invalid_argument; std::system_error if there is no thread to be had.
  [[gnu::abi_tag(WEIR_ASIO_BUILD)]] explicit http_client(client_options options = {});
  /// Calls under way, of which there should be none, are ended (std::errc::operation_canceled). Waits until their
  /// connections are closed, and for names that are just being resolved.
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Sends it and reads the response, whatever its status; 101 ends the connection with it. A response that comes
  /// before the whole request was taken counts. A kept connection that turns out to be closed before anything of a
  /// response came is replaced once where that cannot do anything twice (RFC 9110 section 9.2.2).
  /// It also ends by the caller's cancellation slot, and when the caller's execution context is destroyed.
  /// Errors: std::system_error with the context's error when that ended, std::errc::timed_out if the time-out was
  /// over, std::errc::operation_canceled if the caller was cancelled; boost::system::system_error of resolving,
  /// connecting, writing, reading, one of the category `weir.certificate` if the server's is refused, which says why,
  /// with OpenSSL's X509_V_ERR_* as value; of what is no HTTP, and of a body whose end may be read in two ways: a
  /// Transfer-Encoding that is not `chunked` alone, or beside a Content-Length; of more than eight responses before
  /// the final one (100, 103); std::invalid_argument naming a url, method or header that cannot be sent. Cost: two
  /// contexts, and two coroutines on two threads.
  boost::asio::awaitable<client_response> send(context ctx, client_request request);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace weir
