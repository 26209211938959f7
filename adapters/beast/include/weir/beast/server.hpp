// A small HTTP/1 server on Beast: a listener, coroutine sessions, routes and middleware, observed from end to end.
#pragma once

#include "weir/beast/asio_build.hpp"
#include "weir/beast/client_watch.hpp"
#include "weir/beast/middleware.hpp"
#include "weir/beast/route_limits.hpp"
#include "weir/beast/router.hpp"
#include "weir/context.hpp"
#include "weir/http/observer.hpp"
#include "weir/log/logger.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// How a server is set up. A value out of range makes the constructor throw std::invalid_argument naming it.
struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080; ///< 0: any free one; see http_server::port()
  /// Whether others that say so, too, may listen on the same address and port (SO_REUSEPORT), processes of the same
  /// user: the kernel gives each connection to one of them. Not with listen_fd, whose maker decides that.
  bool reuse_port = false;
  /// A listening TCP socket, of IPv4 or IPv6, that was made elsewhere, such as systemd's first one, 3. Address and
  /// port above count for nothing then; it is the server's, which closes it. -1 (default): the server makes one.
  int listen_fd = -1;
  unsigned threads = 1; ///< 1 to 1024, each with an io_context of its own
  /// Who watches the requests; nullptr: nobody, and contexts end only at shutdown.
  request_observer* observer = nullptr;
  /// For the server's own events and for handlers that throw; nullptr: none are logged.
  logger* log = nullptr;
  client_watch_options watch{};
  /// Larger headers get 431, also together with the trailers of a chunked body, which are read and left out. 1 KiB to
  /// 1 MiB; one header alone has 64 KiB at most.
  std::uint32_t header_limit_bytes = 16 * 1024;
  /// For a connection to begin with a request, its first or the next one; then it is closed. 1 ms to 1 h.
  std::chrono::milliseconds idle_timeout{30'000};
  /// From a request's first byte to the end of its header, in however many pieces that comes; then the client gets
  /// 408. 1 ms to 1 h.
  std::chrono::milliseconds header_timeout{10'000};
  // Of routes without limits of their own; see route_limits.
  std::uint64_t body_limit_bytes = 1024 * 1024;
  std::chrono::milliseconds body_timeout{0};
  std::chrono::milliseconds progress_timeout{30'000};
  /// For a peer not to answer when it is asked whether it is there, not to acknowledge what is sent to it, or to have
  /// no room for it, though it answers; then its connection is broken and its request cancelled with client_reset.
  /// See limit_silence(). 0 (default): for as long as the other limits allow; 100 ms to 1 h.
  std::chrono::milliseconds silence_limit{0};
  /// How long stop() goes on serving as before while ready() is false, so that whoever asks for readiness() stops
  /// sending before connections are refused: as long as they take to ask twice. Up to 10 min; default: not at all.
  std::chrono::milliseconds unready_time{0};
  /// How long a thread that has nothing to do stays awake and looks for requests, up to 1 s; default: not at all.
  /// With 50 µs a client that waits for each answer and asks again within that time is served about twice as fast;
  /// each pause costs that much of a processor. See run_polling().
  std::chrono::microseconds busy_time{0};
};

class http_server;

/// Of http_server::group(). Middleware counts for the routes that are added after it, inside of the server's and of
/// the groups around this one. Unknown paths are the server's. A value; lifetime: the server outlives it.
class route_group {
 public:
  /// Errors: as the server's.
  route_group& use(http_middleware middleware);
  /// What routes that are added after it have where they have no limits of their own.
  route_group& limit(route_limits limits);
  route_group& route(std::string_view method, std::string_view path_template, http_handler handler,
                     route_limits limits = {});
  route_group& get(std::string_view path_template, http_handler handler, route_limits limits = {}) {
    return route("GET", path_template, std::move(handler), limits);
  }
  route_group& post(std::string_view path_template, http_handler handler, route_limits limits = {}) {
    return route("POST", path_template, std::move(handler), limits);
  }
  /// One within this, which begins with the middleware and the limits that this one has by now.
  route_group group(std::string_view prefix) const;

 private:
  friend class http_server;
  route_group(http_server& server, std::string prefix, std::vector<http_middleware> middleware, route_limits limits);

  http_server* server_;
  std::string prefix_;
  std::vector<http_middleware> middleware_;
  route_limits limits_;
};

/// Routes and middleware are set before run(). One request at a time per connection, as HTTP/1 has it; requests of
/// different connections run on different threads. Observed requests have a context each, children of the observer's
/// base.
class http_server {
 public:
  /// Binds and listens at once. Errors: std::invalid_argument, when listen_fd is still the caller's;
  /// std::system_error naming address and port if that fails (in use, not permitted).
  [[gnu::abi_tag(WEIR_ASIO_BUILD)]] explicit http_server(server_options options);
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// `method`: in upper case. `path_template`: see the README, `/items/{id}`, `/files/{path*}`.
  /// Errors: throws std::invalid_argument naming what is wrong with method or template, or out of range.
  void route(std::string_view method, std::string_view path_template, http_handler handler, route_limits limits = {});
  void get(std::string_view path_template, http_handler handler, route_limits limits = {}) {
    route("GET", path_template, std::move(handler), limits);
  }
  void post(std::string_view path_template, http_handler handler, route_limits limits = {}) {
    route("POST", path_template, std::move(handler), limits);
  }
  /// Around every handler, unknown paths included, in the order of these calls.
  void use(http_middleware middleware);
  /// Routes that have the beginning of their paths, and middleware, in common. `prefix` is a template without a slash
  /// at its end: "/api", "/users/{id}", or "" for middleware alone. Errors: throws std::invalid_argument.
  route_group group(std::string_view prefix);

  std::uint16_t port() const noexcept;

  /// Serves on `threads` threads, the caller's among them, until stop(). Call once. What is thrown by something that
  /// handlers posted to their executor is logged as an error, and serving goes on.
  /// Errors: std::system_error if a thread cannot be started, std::bad_alloc if there is no memory to begin with;
  /// std::logic_error in a forked child of the process that made the server: see the README's section on several
  /// processes. Later it goes on accepting, whatever fails for want of memory or descriptors.
  void run();
  /// Whether it wants requests: from run() to stop(). Thread-safe. See readiness().
  bool ready() const noexcept;

  /// Is not ready any more, and after the options' unready_time, which a second call ends, stops accepting and closes
  /// idle connections at once; requests under way, and those that have been read behind them, may finish within
  /// `grace`, then their contexts end with the reason shutdown and their connections are closed. A request of which a
  /// part of the header has been read gets 503, and is told as refused for the reason shutdown. Handlers that go on
  /// for a second after that are left behind, and destroyed with the server. Returns at once; run() returns when all
  /// is over. The `grace` of the call that ends it counts. Thread-safe, not async-signal-safe. Errors: throws
  /// std::bad_alloc, and nothing has happened; what memory is short for later is done as soon as there is some.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

 private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace weir
