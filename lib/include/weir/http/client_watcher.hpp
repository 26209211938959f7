// Notices clients that have gone, for servers whose handlers block their threads.
#pragma once

#include "weir/http/client_watch_options.hpp"
#include "weir/http/exchange.hpp"

#include <chrono>
#include <memory>

namespace weir {

/// One thread that watches the connections of a server while their requests are handled, and cancels the exchange of
/// a client that closes or resets its connection, with client_closed or client_reset. It looks at the sockets from
/// outside: an epoll set asks for EPOLLRDHUP, which sees an orderly close even behind unread bytes and beneath TLS,
/// and leaves the server's own reads and writes alone.
///
/// A peer that falls silent without a packet is not seen.
///
/// Thread safety: thread-safe. Lifetime: outlives its watches. Errors: the constructor throws std::invalid_argument
/// naming an option that is out of range, and std::system_error if the epoll set or the thread cannot be made. Cost:
/// while nothing is watched the thread sleeps without a limit. A forked child has no such thread.
class client_watcher {
  struct shared;

 public:
  explicit client_watcher(client_watch_options options = {});
  ~client_watcher();
  client_watcher(const client_watcher&) = delete;
  client_watcher& operator=(const client_watcher&) = delete;

  /// While it lives, `descriptor`'s peer is `watched`'s client. Callbacks registered on the request's context run on
  /// the watcher's thread when the client goes; the destructor waits for them, so they must not.
  ///
  /// Thread safety: to be destroyed by the thread that made it, or one that it synchronises with. Lifetime: the
  /// descriptor stays open, and the exchange alive and open, for as long; the watch is destroyed before finish().
  /// Cost: a lock and a place in a list; two epoll_ctl if it lasts longer than arm_after.
  class [[nodiscard]] watch {
   public:
    watch(client_watcher& watcher, int descriptor, exchange& watched) noexcept;
    ~watch();
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;

   private:
    friend struct shared;

    shared& shared_;
    exchange& watched_;
    const int descriptor_;
    std::chrono::steady_clock::time_point due_{}; // when it is armed
    // Under the watcher's lock:
    std::uint64_t number_ = 0;                   // of an armed one; 0 while it is young
    watch *before_ = nullptr, *after_ = nullptr; // in the list of young ones
  };

 private:
  std::unique_ptr<shared> shared_;
};

} // namespace weir
