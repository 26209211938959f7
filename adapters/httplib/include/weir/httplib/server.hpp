// A cpp-httplib server whose requests are observed.
#pragma once

#include "weir/context.hpp"
#include "weir/http/client_watcher.hpp"
#include "weir/http/exchange.hpp"
#include "weir/http/observer.hpp"
#include "weir/httplib/socket_stream.hpp"

#include <httplib.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

/// A pattern, which httplib takes as a regular expression, and what metrics and the access log call it.
struct httplib_route {
  httplib_route(const char* given) : pattern(given), name(given) {}              // NOLINT: stands for it
  httplib_route(std::string given) : pattern(std::move(given)), name(pattern) {} // NOLINT: stands for it
  httplib_route(std::string given, std::string called) : pattern(std::move(given)), name(std::move(called)) {}

  std::string pattern, name;
};

/// httplib::Server, and every request's life: log ids and context from the header on, access record and metrics at
/// the end, a client that goes noticed while its handler runs. The owner of a server changes its type:
///
///   weir::request_observer observer({.access_log = &log.get_logger("access")});
///   weir::httplib_server server(observer);                  // was: httplib::Server server;
///   server.Get(R"(/users/(\d+))", get_user);                // the pattern is the route's name, unless it is given:
///   server.Get({R"(/users/(\d+))", "/users/{id}"}, get_user);
///
/// In handlers, content providers and httplib's own hooks, which are all free for the owner's use,
/// weir::current_context() is the request's, and what they log carries its ids. A handler that throws fails its
/// request, unless an exception handler answers with less than 500. One whose time is over before its handler gets it
/// is answered with 504 instead, or with 503 if that was observer_options::default_deadline; where it is over when
/// the handler returns, the outcome is timed_out, whatever the handler answers. The request id, if there is one, is
/// in the response of every route's handler.
///
/// To name routes, Get() and its siblings are called on this type, not on a reference to httplib::Server.
///
/// Thread safety: as httplib::Server's. Lifetime: the observer outlives it. Errors: the constructor throws as
/// client_watcher's. Cost: one watching thread for the server, and what exchange and client_watcher say for a
/// request.
class httplib_server : public httplib::Server {
 public:
  explicit httplib_server(request_observer& observer, client_watch_options options = {})
      : observer_(observer), half_close_(options.half_close), watcher_(options) {}

  /// The exchange of the request that this thread serves, for set_route() and copy(); nullptr if none. On a server's
  /// own thread, from the header to the end of the response.
  static exchange* current_exchange() noexcept { return current_; }

  httplib_server& Get(const httplib_route& route, Handler handler) {
    httplib::Server::Get(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Post(const httplib_route& route, Handler handler) {
    httplib::Server::Post(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Post(const httplib_route& route, HandlerWithContentReader handler) {
    httplib::Server::Post(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Put(const httplib_route& route, Handler handler) {
    httplib::Server::Put(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Put(const httplib_route& route, HandlerWithContentReader handler) {
    httplib::Server::Put(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Patch(const httplib_route& route, Handler handler) {
    httplib::Server::Patch(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Patch(const httplib_route& route, HandlerWithContentReader handler) {
    httplib::Server::Patch(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Delete(const httplib_route& route, Handler handler) {
    httplib::Server::Delete(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Delete(const httplib_route& route, HandlerWithContentReader handler) {
    httplib::Server::Delete(route.pattern, observed(route, std::move(handler)));
    return *this;
  }
  httplib_server& Options(const httplib_route& route, Handler handler) {
    httplib::Server::Options(route.pattern, observed(route, std::move(handler)));
    return *this;
  }

 private:
  /// From the header to the end of the response, on the thread that serves it.
  class under_way {
   public:
    under_way(client_watcher& watcher, int socket, exchange& observed) noexcept
        : scope_(observed.ctx()), watch_(watcher, socket, observed) {
      current_ = &observed;
    }
    ~under_way() { current_ = nullptr; }
    under_way(const under_way&) = delete;
    under_way& operator=(const under_way&) = delete;

   private:
    context_scope scope_;
    client_watcher::watch watch_;
  };

  /// `More`: nothing, or the content reader.
  template <class... More>
  using any_handler = std::function<void(const httplib::Request&, httplib::Response&, const More&...)>;

  template <class... More>
  static any_handler<More...> observed(const httplib_route& route, any_handler<More...> handler) {
    return [name = route.name, handler = std::move(handler)](const httplib::Request& request,
                                                             httplib::Response& response, const More&... more) {
      if (current_ == nullptr) return handler(request, response, more...);
      current_->set_route(name);
      if (const std::string& id = current_->facts().request_id; !id.empty()) response.set_header("X-Request-ID", id);
      if (const unsigned late = current_->status_if_late()) {
        response.status = static_cast<int>(late);
        return;
      }
      current_->handler_started();
      try {
        handler(request, response, more...);
      } catch (const std::exception& error) {
        note_exception(error.what());
        throw;
      } catch (...) {
        note_exception("not a std::exception");
        throw;
      }
      current_->handler_returned();
      current_->status_if_late(); // notes it; what the handler answers is its own affair
    };
  }

  static void note_exception(std::string_view what) {
    current_->handler_returned();
    current_->status_if_late();
    thrown_ = what;
  }

  bool process_and_close_socket(socket_t socket) override {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::milliseconds, std::chrono::seconds;
    const detail::httplib_connection connection{
        socket,
        duration_cast<milliseconds>(seconds(read_timeout_sec_) + microseconds(read_timeout_usec_)),
        duration_cast<milliseconds>(seconds(write_timeout_sec_) + microseconds(write_timeout_usec_)),
        half_close_,
        detail::socket_address::of_peer(socket),
        detail::socket_address::of_this_side(socket)};
    exchange observed(observer_);
    bool answered = false;
    for (auto left = keep_alive_max_count_; left > 0 && has_next_request(socket); --left) {
      bool is_last = left == 1;
      answered = serve(connection, observed, is_last);
      if (!answered || is_last) break;
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return answered;
  }

  /// In steps, so that a server that is stopped need not wait for clients that keep their connections.
  bool has_next_request(int socket) const noexcept {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(keep_alive_timeout_sec_);
    do {
      if (svr_sock_ == INVALID_SOCKET) return false;
      if (detail::wait_for(socket, POLLIN, std::chrono::milliseconds(100))) return true;
    } while (std::chrono::steady_clock::now() < until);
    return false;
  }

  /// One request. `is_last`: whether the connection is to be closed, as given; then, as the client wants it, too.
  bool serve(const detail::httplib_connection& connection, exchange& observed, bool& is_last) {
    detail::socket_stream stream(connection, observed);
    std::optional<under_way> scope;
    thrown_.reset();
    bool answered = false;
    try {
      bool client_closes = false;
      answered = process(stream, connection, is_last, client_closes, [&](httplib::Request& request) {
        try {
          begin(observed, request, stream.received());
        } catch (const std::exception&) { // no memory, or no timer's thread: it is served unobserved
          return;
        }
        scope.emplace(watcher_, connection.socket, observed);
      });
      is_last |= client_closes;
    } catch (...) { // out of a content provider or one of the hooks, which httplib does not catch, either
      scope.reset();
      observed.handler_threw("thrown outside of a handler");
      finish(observed, stream, false);
      throw;
    }
    scope.reset();
    if (!observed.is_open() && stream.response().status() != 0) begin_refused(observed, stream, connection.peer.text);
    finish(observed, stream, answered && !stream.has_failed());
    return answered;
  }

  /// httplib's process_request(), which is handed the addresses from 0.18 on, and asks the stream for them before.
  template <class Stream>
  bool process(Stream& stream, const detail::httplib_connection& connection, bool close, bool& client_closes,
               const std::function<void(httplib::Request&)>& begin) {
    const detail::socket_address &peer = connection.peer, &here = connection.this_side;
    if constexpr (requires { process_request(stream, close, client_closes, begin); })
      return process_request(stream, close, client_closes, begin);
    else
      return process_request(stream, peer.text, peer.port, here.text, here.port, close, client_closes, begin);
  }

  static void begin(exchange& observed, const httplib::Request& request,
                    std::chrono::steady_clock::time_point received) {
    request_headers headers(observed.observer());
    for (const auto& [name, value] : request.headers) headers.take(name, value);
    observed.begin({.method = request.method,
                    .target = request.target,
                    .peer = request.remote_addr,
                    .version = request.version == "HTTP/1.0" ? 10U : 11U,
                    .headers = &headers,
                    .received = received});
  }

  /// What httplib answered without making a request of it.
  static void begin_refused(exchange& observed, const detail::socket_stream& stream, std::string_view peer) {
    const std::string_view line = stream.first_line();
    const std::string_view method = line.substr(0, line.find(' '));
    std::string_view target = line.substr((std::min)(method.size() + 1, line.size()));
    target = target.substr(0, target.find(' '));
    observed.begin({.method = method, .target = target, .peer = peer, .received = stream.received()});
    const unsigned status = stream.response().status();
    if (status >= 500)
      observed.refused(cancel_reason::overload); // more descriptors than select(2) takes
    else if (status != 416)                      // that is a valid request, for a part that is not there
      observed.protocol_error("not a request that httplib reads");
    observed.response_started(status);
  }

  void finish(exchange& observed, const detail::socket_stream& stream, bool was_answered) const {
    const detail::response_meter& response = stream.response();
    if (thrown_ && (response.status() == 0 || response.status() >= 500)) observed.handler_threw(*thrown_);
    observed.add_request_bytes(stream.body_bytes_read());
    observed.add_response_bytes(response.body_bytes());
    // A server that is stopped leaves providers where they are; some versions of httplib call that answered.
    const bool is_stopped = svr_sock_ == INVALID_SOCKET;
    const bool is_whole = observed.facts().method == "HEAD" || response.is_whole().value_or(!is_stopped);
    if (was_answered && is_whole)
      observed.response_completed();
    else if (is_stopped && observed.is_open())
      observed.cancel(cancel_reason::shutdown);
    observed.finish();
  }

  inline static thread_local exchange* current_ = nullptr;
  inline static thread_local std::optional<std::string> thrown_; // by the handler, until it is known what came of it

  request_observer& observer_;
  const half_close_policy half_close_;
  client_watcher watcher_;
};

} // namespace weir
