#include "weir/beast/server.hpp"

#include "insist.hpp"
#include "listener.hpp"
#include "log/fork.hpp"
#include "session.hpp"
#include "watch_service.hpp"
#include "weir/asio/run_polling.hpp"
#include "weir/beast/request_scope.hpp"
#include "weir/beast/silent_peer.hpp"
#include "weir/log/macros.hpp"
#include "weir/log/rate_limit.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace weir {

namespace asio = boost::asio;
using asio::ip::tcp;
using detail::insist;

namespace {

// Out of descriptors, mostly: others have to close theirs before it can go on.
constexpr auto pause_after_accept_error = std::chrono::milliseconds(100);
// For handlers that do not heed their context: after this they are left behind.
constexpr auto last_grace = std::chrono::seconds(1);

/// One thread's io_context and its sessions.
struct worker {
  detail::session_list sessions; // before the io_context, whose destructor ends the sessions that are left
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running{io.get_executor()};
  asio::steady_timer limit{io};

  void wind_down(std::chrono::milliseconds grace) noexcept {
    if (std::exchange(sessions.stopping, true)) return;
    keep_running.reset();
    // Without sessions nothing is left to wait for: the timer would hold up run().
    sessions.on_empty = [this] { limit.cancel(); };
    insist([this] { sessions.for_each([](detail::session& each) { each.wind_down(); }); });
    if (sessions.all.empty()) return;
    insist([this, grace] { cut_off_after(grace); });
  }

  void cut_off_after(std::chrono::milliseconds grace) {
    limit.expires_after(grace);
    limit.async_wait([this](const boost::system::error_code& error) {
      if (error || sessions.all.empty()) return;
      insist([this] { sessions.for_each([](detail::session& each) { each.cut_off(); }); });
      if (sessions.all.empty()) return; // as above
      insist([this] { end_after(last_grace); });
    });
  }

  void end_after(std::chrono::milliseconds grace) {
    limit.expires_after(grace);
    limit.async_wait([this](const boost::system::error_code& late) {
      if (!late) io.stop();
    });
  }

  ~worker() { sessions.on_empty = nullptr; }
};

server_options checked(server_options options) {
  const auto refuse = [](std::string_view name, auto value, std::string_view range) {
    throw std::invalid_argument(fmt::format("server_options.{} is {}: it must be {}", name, value, range));
  };
  if (options.threads < 1 || options.threads > 1024) refuse("threads", options.threads, "from 1 to 1024");
  if (options.header_limit_bytes < 1024 || options.header_limit_bytes > (1U << 20))
    refuse("header_limit_bytes", options.header_limit_bytes, "from 1 KiB to 1 MiB");
  if (options.idle_timeout.count() < 1 || options.idle_timeout > std::chrono::hours(1))
    refuse("idle_timeout (ms)", options.idle_timeout.count(), "from 1 ms to 1 h");
  if (options.header_timeout.count() < 1 || options.header_timeout > std::chrono::hours(1))
    refuse("header_timeout (ms)", options.header_timeout.count(), "from 1 ms to 1 h");
  if (options.silence_limit.count() != 0 &&
      (options.silence_limit < std::chrono::milliseconds(100) || options.silence_limit > std::chrono::hours(1)))
    refuse("silence_limit (ms)", options.silence_limit.count(), "0, or from 100 ms to 1 h");
  if (options.watch.arm_after < std::chrono::milliseconds(1) || options.watch.arm_after > std::chrono::seconds(1))
    refuse("watch.arm_after (ms)", options.watch.arm_after.count(), "from 1 to 1000");
  if (options.unready_time.count() < 0 || options.unready_time > std::chrono::minutes(10))
    refuse("unready_time (ms)", options.unready_time.count(), "from 0 to 10 min");
  if (options.busy_time.count() < 0 || options.busy_time > std::chrono::seconds(1))
    refuse("busy_time (us)", options.busy_time.count(), "from 0 to 1 s");
  boost::system::error_code error;
  asio::ip::make_address(options.address, error);
  if (error) refuse("address", options.address, "an IP address");
  return options;
}

route_limits limits_of(const server_options& options) {
  return detail::complete({.body_limit_bytes = options.body_limit_bytes,
                           .body_timeout = options.body_timeout,
                           .progress_timeout = options.progress_timeout},
                          {}, "server_options");
}

} // namespace

struct http_server::state {
  explicit state(server_options given)
      : setup{.options = checked(std::move(given)),
              .limits = limits_of(setup.options),
              .routes = {},
              .middleware = {}} {
    for (unsigned i = 0; i < setup.options.threads; ++i) {
      workers.push_back(std::make_unique<worker>());
      // Now, with its descriptor: when the first connection comes there may be none left.
      if (setup.options.observer != nullptr) asio::use_service<detail::watch_service>(workers.back()->io);
    }
    acceptor.emplace(detail::listen(workers.front()->io, setup.options));
    port = acceptor->local_endpoint().port();
  }

  void accept() {
    worker& target = *workers[next_worker++ % workers.size()];
    acceptor->async_accept(
        target.io.get_executor(), peer,
        [this, &target, held = accepting](const boost::system::error_code& error, detail::server_socket socket) {
          if (!acceptor->is_open()) return;
          if (error) {
            if (setup.options.log != nullptr)
              WEIR_WARN_LIMITED(*setup.options.log, rate_limit(1), "accept: {}", error.message());
            return accept_later();
          }
          hand_over(target, std::move(socket), peer.address());
          accept();
        });
  }

  void accept_later() {
    pause.emplace(workers.front()->io, pause_after_accept_error);
    pause->async_wait([this, held = accepting](const boost::system::error_code& stopped) {
      if (!stopped && acceptor->is_open()) accept();
    });
  }

  /// Behind what was thrown into the first thread: that may have been for want of memory amid an accept, which Asio
  /// then destroys without a word. Again and again where there is none for the pause: nobody else would begin one.
  void go_on_accepting() noexcept {
    insist([this] {
      if (accepting.use_count() == 1 && acceptor->is_open()) accept_later();
    });
  }

  void begin_stop(std::chrono::milliseconds grace) {
    // relaxed: as in ready().
    is_ready.store(false, std::memory_order_relaxed);
    if (farewell || setup.options.unready_time.count() == 0) return close(grace);
    insist([this, grace] {
      farewell.emplace(workers.front()->io, setup.options.unready_time);
      farewell->async_wait([this, grace](const boost::system::error_code& stopped) {
        if (!stopped) close(grace);
      });
    });
  }

  void close(std::chrono::milliseconds grace) noexcept {
    boost::system::error_code ignored;
    acceptor->close(ignored);
    if (pause) pause->cancel();
    if (farewell) farewell->cancel();
    for (const auto& each : workers)
      insist([&] { asio::post(each->io, [target = each.get(), grace] { target->wind_down(grace); }); });
  }

  void hand_over(worker& to, detail::server_socket socket, const asio::ip::address& address) {
    try {
      asio::post(to.io, [this, &to, client = std::move(socket), address]() mutable {
        greet(to, std::move(client), address);
      });
    } catch (const std::exception& error) {
      refused(error);
    }
  }

  void greet(worker& on, detail::server_socket client, const asio::ip::address& address) {
    if (on.sessions.stopping) return;
    boost::system::error_code ignored;
    client.set_option(tcp::no_delay(true), ignored);
    try {
      if (setup.options.silence_limit.count() != 0)
        limit_silence(client.native_handle(), setup.options.silence_limit);
      std::make_shared<detail::session>(std::move(client), detail::address_text(address), setup, on.sessions)
          ->start();
    } catch (const std::exception& error) {
      refused(error);
    }
  }

  void refused(const std::exception& error) const noexcept {
    if (setup.options.log != nullptr) WEIR_WARN(*setup.options.log, "connection refused: {}", error.what());
  }

  /// Until all is over on that thread. What a handler throws that somebody posted ends that handler and nothing else:
  /// run() may be called again at once.
  void serve(worker& on) noexcept {
    for (;;) {
      try {
        run_polling(on.io, setup.options.busy_time);
        return;
      } catch (const std::exception& error) {
        escaped(error.what());
      } catch (...) {
        escaped("unknown exception");
      }
      if (&on == workers.front().get()) go_on_accepting();
    }
  }

  void escaped(std::string_view what) const noexcept {
    if (setup.options.log != nullptr) WEIR_ERROR(*setup.options.log, "thrown into a thread of the server: {}", what);
  }

  detail::server_setup setup;
  std::vector<std::unique_ptr<worker>> workers;
  std::optional<tcp::acceptor> acceptor;
  // Held by what leads to the next accept, be it one or the pause before it; on the first worker's thread.
  const std::shared_ptr<const char> accepting = std::make_shared<const char>('a');
  tcp::endpoint peer; // of the connection that is accepted: asked for later, one that has gone has none
  std::optional<asio::steady_timer> pause;
  std::optional<asio::steady_timer> farewell; // runs while the server stops but still serves
  std::atomic<bool> is_ready{false};
  std::size_t next_worker = 0;
  std::uint16_t port = 0;
  const std::uint32_t made_in = detail::fork_count();
};

http_server::http_server(server_options options) : state_(std::make_unique<state>(std::move(options))) {}
http_server::~http_server() {
  if (state_->made_in == detail::fork_count()) return;
  // A forked child's copy: to destroy it would take what the parent waits for out of the event queue of both.
  auto* const left_behind = state_.release();
  ::close(left_behind->acceptor->native_handle());
}

void http_server::route(std::string_view method, std::string_view path_template, http_handler handler,
                        route_limits limits) {
  state_->setup.routes.add(method, path_template, std::move(handler),
                           detail::complete(limits, state_->setup.limits, "route_limits"));
}

void http_server::use(http_middleware middleware) {
  if (middleware == nullptr) throw std::invalid_argument("http_server: the middleware is empty");
  state_->setup.middleware.push_back(std::move(middleware));
}

std::uint16_t http_server::port() const noexcept { return state_->port; }

void http_server::run() {
  if (state_->made_in != detail::fork_count())
    throw std::logic_error(
        "http_server: run() in a forked child of the process that made the server, which shares its "
        "event queue with that; fork first and make it in the child, with "
        "server_options.reuse_port or listen_fd");
  asio::post(state_->workers.front()->io, [state = state_.get(), held = state_->accepting] {
    if (!state->acceptor->is_open()) return;
    // relaxed: as in ready().
    state->is_ready.store(!state->farewell, std::memory_order_relaxed);
    state->accept();
  });
  std::vector<std::jthread> others;
  try {
    for (std::size_t i = 1; i < state_->workers.size(); ++i)
      others.emplace_back([state = state_.get(), each = state_->workers[i].get()] { state->serve(*each); });
  } catch (...) { // no more threads: those there are would wait for a stop() that never comes
    for (const auto& each : state_->workers) each->io.stop();
    throw;
  }
  state_->serve(*state_->workers.front());
}

bool http_server::ready() const noexcept {
  // relaxed: nothing else is read by it.
  return state_->is_ready.load(std::memory_order_relaxed);
}

void http_server::stop(std::chrono::milliseconds grace) {
  asio::post(state_->workers.front()->io, [state = state_.get(), grace] { state->begin_stop(grace); });
}

} // namespace weir
