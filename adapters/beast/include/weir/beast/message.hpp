// The request and the response as the small server's handlers see them.
#pragma once

#include "weir/beast/path_params.hpp"
#include "weir/context.hpp"
#include "weir/http/exchange.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace weir {

namespace detail {
class early_answer;
class session;
} // namespace detail

/// A request. Its handler has it with its body; middleware has it as soon as its header is there. Valid until its
/// handler returns; used on the session's executor. What is to last longer takes a copy().
class http_request {
 public:
  using message_type = boost::beast::http::request<boost::beast::http::string_body>;

  http_request() = default;
  http_request(http_request&&) = default;
  http_request& operator=(http_request&&) = default;
  ~http_request() = default;

  /// A request of its own: header, body and parameters are copied, the context keeps its values and log ids and is
  /// ended by nobody (so it has no deadline either, unless it is given one), and it is no longer observed. For work
  /// that goes on after the response:
  ///
  ///   const auto own = std::make_shared<const weir::http_request>(request.copy());
  ///   weir::spawn(background, executor, "audit", own->ctx(), write_audit(own));
  ///
  /// Thread safety: on the session's executor; the copy may go to any thread and outlive the server.
  /// Errors: throws std::bad_alloc.
  [[nodiscard]] http_request copy() const;

  std::string_view method() const noexcept;
  /// As sent, with the query.
  std::string_view target() const noexcept;
  /// The target up to the query, not decoded; of `http://host/path` the path.
  std::string_view path() const noexcept;
  /// The first value of that header, or "". Host is whom the target names where that is `http://host/path`, whatever
  /// the header says (RFC 9112 section 3.2.2).
  std::string_view header(std::string_view name) const noexcept;
  /// Whether there is such a header, be it without a value.
  bool has_header(std::string_view name) const noexcept;
  /// Empty until it has been received.
  const std::string& body() const noexcept { return message_.body(); }
  /// For middleware that looks at bodies: reads it, once, as far as the route's limits allow; handlers need not call
  /// it. False if there is none to be had: too large, too slow, broken off, out of time. The response says so by
  /// then, and there is nothing to do but to return.
  boost::asio::awaitable<bool> receive_body();
  /// Whether it has been received, or there is none.
  bool has_body() const noexcept { return has_body_; }
  /// The part of the path that a route's `{name}` matched, percent-decoded; "" if there is none.
  std::string_view param(std::string_view name) const noexcept { return params_[name]; }
  /// Whether the route has a parameter of that name, be it that it matched nothing.
  bool has_param(std::string_view name) const noexcept { return params_.has(name); }
  /// The first value of that name in the query, percent-decoded (`+` is a space), or nullopt.
  std::optional<std::string> query(std::string_view name) const;
  /// Beast's own message.
  const message_type& message() const noexcept { return message_; }

  /// The context to work under: done when the client goes, when a time-out of the middleware expires, or at shutdown.
  const context& ctx() const noexcept { return ctx_; }
  /// For middleware: what follows works under `ctx`, and so does the session from now on, its log records included.
  void set_ctx(context ctx);
  /// The address at the connection's other end, the client's or its proxy's, without its port; an IPv4 one in its own
  /// form, on a socket for both kinds, too.
  std::string_view peer() const noexcept { return peer_; }
  /// The exchange being observed, or nullptr in a server without an observer.
  exchange* observed() const noexcept { return observed_; }

 private:
  friend class detail::session;
  http_request(const http_request&) = default; // shares what ends with the request: copy() does not

  message_type message_;
  path_params params_;
  std::string peer_;
  context ctx_;
  exchange* observed_ = nullptr;
  ambient_slot* slot_ = nullptr;
  detail::session* session_ = nullptr;
  bool has_body_ = true;
};

/// The response: set as a whole and sent after the handlers, or streamed. Used on the session's executor.
class http_response {
 public:
  explicit http_response(detail::session& session) noexcept : session_(&session) {}
  http_response(const http_response&) = delete;
  http_response& operator=(const http_response&) = delete;

  using message_type = boost::beast::http::response<boost::beast::http::string_body>;

  /// 200 to 999; 200 until set. Throws std::invalid_argument naming a status outside: the others announce a response.
  http_response& status(unsigned code);
  unsigned status() const noexcept;
  /// Replaces what that header was. Throws std::invalid_argument naming the header if the name is no token, or the
  /// value has a control character in it (RFC 9110 sections 5.1 and 5.5), which could end the header and begin
  /// another response. Content-Length, Connection and Transfer-Encoding are the session's, which alone knows where
  /// the body ends and whether the connection goes on (RFC 9112 sections 6 and 9): they are checked and left out, so
  /// that a relay may hand on all that it was told; what else is for one connection, such as Keep-Alive, it leaves
  /// out itself (RFC 9110 section 7.6.1). The Upgrade of a 426 is named in Connection (section 7.8), and a Date is
  /// added where there is none (section 6.6.1).
  http_response& header(std::string_view name, std::string_view value);
  /// Leaves what that header was, and adds a line of that name, as each cookie needs one (RFC 6265 section 3). Throws
  /// as header() does. Not for headers of which a response has one.
  http_response& add_header(std::string_view name, std::string_view value);
  /// The whole body. Not for a response that is streamed; not sent with status 204, 205 or 304.
  http_response& body(std::string text, std::string_view content_type = "text/plain; charset=utf-8");
  /// Status, body and type in one: `{code} {text}\n`.
  http_response& error(unsigned code, std::string_view text);

  /// Forgets what was set so far, for another response in its place. Does nothing once started.
  http_response& clear();
  /// Forgets status, body and all header fields but those about the server itself, for another response in its place:
  /// what the session does where it answers itself, after a handler that threw or ran out of time, or for a body that
  /// is too large. What stays is Access-Control-*, Cross-Origin-*, Strict-Transport-Security, Content-Security-Policy
  /// and what else tells pages what they may do, Vary, Set-Cookie, Server, Via, Allow, Date, Alt-Svc, RateLimit*, and
  /// ids of requests and traces. Does nothing once started.
  http_response& clear_content();

  /// Sends the header for a body of `content_length` bytes, which then goes out with write(). Returns an error when
  /// the client has gone, or the context's when the request was cancelled: canceled, or deadline_exceeded if its time
  /// is over, when the client has been answered already.
  boost::asio::awaitable<std::error_code> start(std::uint64_t content_length);
  /// The same for a body whose end is not known yet, such as a stream of events: sent in chunks, and to a client of
  /// HTTP/1.0 until the connection closes. The body is whole when the handler returns, unless it throws or its
  /// context has ended: then it lacks its last chunk, or the connection is reset.
  boost::asio::awaitable<std::error_code> start();
  /// Sends the next part; ends early, with an error, as start() does. The memory stays valid until it returns;
  /// nothing is kept, so a body of any size takes one buffer. HEAD requests send nothing, and end a body without a
  /// length at once with std::errc::message_size.
  boost::asio::awaitable<std::error_code> write(boost::asio::const_buffer part);
  /// Whether the header has gone out, this one or one in its place.
  bool started() const noexcept { return started_; }

 private:
  friend class detail::early_answer;
  friend class detail::session;

  detail::session* session_;
  message_type message_;
  bool started_ = false;
  bool broken_ = false;     // a write has failed
  bool open_ended_ = false; // no length was announced
  bool chunked_ = false;
  std::uint64_t announced_ = 0, sent_ = 0;
};

} // namespace weir
