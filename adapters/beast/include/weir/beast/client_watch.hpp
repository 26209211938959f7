// Notices that a client has gone while its request is being handled.
#pragma once

#include "weir/http/exchange.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace weir {

/// What a client means that closes its sending side and keeps the other open (RFC 9112 section 9.6 leaves it open).
enum class half_close_policy : std::uint8_t {
  cancel, ///< it has gone: what nearly all clients mean, since the two look the same from here
  ignore, ///< it still waits for the response; only a broken connection counts
};

/// How a client_watch watches. A value out of range makes its constructor throw std::invalid_argument naming it.
struct client_watch_options {
  /// Default cancel. With ignore, a client that closes its side and goes is noticed only when something is sent to it
  /// and comes back as a reset: handlers then work on for clients that have gone.
  half_close_policy half_close = half_close_policy::cancel;
  /// A request is watched once it has been under way for this long: default 10 ms, 1 ms to 1 s. Requests that are
  /// faster pay nothing but a place in a list; a client that goes sooner is noticed when this time is over. Raising
  /// it saves two system calls for each request that is done by then, and lets the others go on for nobody for
  /// longer. It is kept in steps of 5 ms, in which young requests are looked at.
  std::chrono::milliseconds arm_after{10};
};

namespace detail {
class watch_service;
struct watch_entry;
} // namespace detail

/// Watches one connection, one exchange at a time. When the peer closes or resets the connection, the exchange is
/// cancelled with client_closed or client_reset, on `executor`.
///
/// It looks at the socket from outside: an epoll set of its own per execution context asks for EPOLLRDHUP, which sees
/// an orderly close even behind unread bytes (a pipelined request, the rest of a body) and beneath TLS, and does not
/// touch the session's own reads and writes.
///
/// Thread safety: start() and stop() are called on `executor`, as the session's other functions are.
/// Lifetime: the exchange outlives the watch from start() to stop(). After stop() returns the exchange is not
/// touched. Precondition: `executor` is an io_context's, or a strand of one. Errors: the constructor throws
/// std::system_error if the epoll set cannot be made, and std::invalid_argument naming an option out of range.
class client_watch {
 public:
  client_watch(boost::asio::any_io_executor executor, client_watch_options options = {});
  ~client_watch();
  client_watch(const client_watch&) = delete;
  client_watch& operator=(const client_watch&) = delete;

  /// From now on `descriptor`'s peer is `watched`'s client. Cost: a lock and a list insertion; one epoll_ctl if it
  /// lasts longer than arm_after.
  void start(int descriptor, exchange& watched);
  /// To be called before the exchange is finished. Does nothing when not started.
  void stop() noexcept;

 private:
  detail::watch_service& service_;
  std::shared_ptr<detail::watch_entry> entry_;
};

} // namespace weir
