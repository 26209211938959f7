// Notices that a client has gone while its request is being handled.
#pragma once

#include "weir/beast/asio_build.hpp"
#include "weir/http/client_watch_options.hpp"
#include "weir/http/exchange.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace weir {

namespace detail {
class watch_service;
struct watch_entry;
} // namespace detail

/// Watches one connection, one exchange at a time. When the peer closes or resets the connection, the exchange is
/// cancelled with client_closed or client_reset, on `executor`. For several exchanges at once it takes as many of
/// them.
///
/// It looks at the socket from outside: an epoll set of its own per execution context asks for EPOLLRDHUP, which sees
/// an orderly close even behind unread bytes (a pipelined request, the rest of a body) and beneath TLS, and does not
/// touch the session's own reads and writes. It looks while somebody runs the io_context: one thread that does, with
/// a work guard, is enough. Where nobody does, as in a server whose threads block, nothing is seen.
///
/// Thread safety: start() and stop() are called on `executor`, as the session's other functions are.
/// Lifetime: the exchange outlives the watch from start() to stop(). After stop() returns the exchange is not
/// touched. Precondition: `executor` is an io_context's, or a strand of one. Errors: the constructor throws
/// std::system_error if the epoll set cannot be made, and std::invalid_argument naming an option out of range.
class client_watch {
 public:
  [[gnu::abi_tag(WEIR_ASIO_BUILD)]] client_watch(boost::asio::any_io_executor executor,
                                                 client_watch_options options = {});
  ~client_watch();
  client_watch(const client_watch&) = delete;
  client_watch& operator=(const client_watch&) = delete;

  /// From now on `descriptor`'s peer is `watched`'s client. Cost: a lock and a list insertion; one epoll_ctl if it
  /// lasts longer than arm_after.
  /// `look`: called on `executor` then, and once more for each expect_input(); nullptr: what the client sends is not
  /// of interest. It outlives the watch as `watched` does.
  /// `connection`: the same for all watches of one connection, with the same options, and for no other at that time,
  /// such as the socket's address; each of their exchanges is then told. nullptr: there is no other. As a
  /// descriptor's number may be that of a connection before, whose socket was closed early, one of another connection
  /// takes the place of those there are.
  void start(int descriptor, exchange& watched, const std::function<void()>* look = nullptr,
             const void* connection = nullptr);
  /// From within `look`, or later on `executor`: look again when there is something to be read.
  void expect_input() noexcept;
  /// To be called before the exchange is finished. Does nothing when not started.
  void stop() noexcept;

 private:
  detail::watch_service& service_;
  std::shared_ptr<detail::watch_entry> entry_;
};

} // namespace weir
