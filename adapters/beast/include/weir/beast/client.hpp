// An HTTP/1.1 client whose calls carry on what their request's context has: trace, baggage, id, deadline.
#pragma once

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

namespace weir {

/// What is asked of another server.
struct client_request {
  std::string method = "GET";
  std::string url{}; ///< `http://host[:port]/path?query`; a fragment is left out
  /// Host, Content-Length, Connection and what the context carries are the client's: it sets them itself.
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

/// What it said.
struct client_response {
  unsigned status = 0;
  boost::beast::http::fields headers{};
  std::string body{};
};

/// A value out of range makes the constructor throw std::invalid_argument naming it.
struct client_options {
  call_observer_options observing{};
  /// For one call in all, if its context ends no earlier; 1 ms to 1 h.
  std::chrono::milliseconds timeout{30'000};
  /// Larger headers and bodies end a call. 1 KiB to 1 MiB; up to 1 GiB.
  std::uint32_t header_limit_bytes = 16 * 1024;
  std::uint64_t body_limit_bytes = 16 * 1024 * 1024;
  /// Connections kept open for the next call, for each server. 0 to 1024.
  std::size_t idle_connections = 16;
};

/// Calls other servers, each call under a context:
///
///   weir::http_client client;
///   …
///   const weir::client_response stock = co_await client.send(request.ctx(), {.url = "http://stock:8080/items/7"});
///
/// The call ends when the context does; what it carries, and how it is counted and logged: see outgoing_call.
/// It has one thread of its own, on which all its connections are; calls come from any executor and go on there.
/// Redirects are the caller's, and no `https` is spoken.
/// Thread-safe. Lifetime: outlives its calls, so it stands before the server whose handlers use it.
class http_client {
 public:
  /// Errors: std::invalid_argument; std::system_error if there is no thread to be had.
  explicit http_client(client_options options = {});
  /// Calls under way, of which there should be none, end with operation_aborted.
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Sends it and reads the response, whatever its status. A kept connection that turns out to be closed is replaced
  /// once where that cannot do anything twice (RFC 9110 section 9.2.2).
  /// Errors: std::system_error with the context's error when that ended, or the time-out was over
  /// (std::errc::timed_out); boost::system::system_error of connecting, writing, reading; std::invalid_argument
  /// naming a url, method or header that is none.
  boost::asio::awaitable<client_response> send(context ctx, client_request request);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace weir
