// The adapter of lib/docs/write_an_adapter.md: the whole of it.
#pragma once

#include "tiny_server.hpp"

#include <weir/context.hpp>
#include <weir/http.hpp>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>

/// Tells an exchange what a connection tells of itself.
class observed_connection final : public tiny::events {
 public:
  observed_connection(weir::request_observer& observer, weir::client_watcher& watcher, int socket)
      : watcher_(watcher), socket_(socket), exchange_(observer) {}

  unsigned on_request(const tiny::request& request, const std::string& route) override {
    weir::request_headers headers(exchange_.observer());
    for (const auto& [name, value] : request.headers) headers.take(name, value);
    exchange_.begin({.method = request.method, .target = request.target, .headers = &headers});
    exchange_.set_route(route);
    exchange_.add_request_bytes(request.body.size());
    if (const unsigned late = exchange_.status_if_late()) return late;
    exchange_.handler_started();
    scope_.emplace(exchange_.ctx());
    watch_.emplace(watcher_, socket_, exchange_);
    return 0;
  }

  void on_exception(const char* what) override {
    if (exchange_.status_if_late() == 0) exchange_.handler_threw(what);
  }

  void on_response(tiny::response& response) override {
    exchange_.handler_returned();
    if (const unsigned late = exchange_.status_if_late()) response = {late, ""};
    exchange_.response_started(response.status);
  }

  void on_sent(std::size_t of_body, int error) override {
    watch_.reset();
    exchange_.add_response_bytes(of_body);
    if (error == 0)
      exchange_.response_completed();
    else
      exchange_.cancel(error == EAGAIN ? weir::cancel_reason::timeout : weir::cancel_reason::client_reset);
    scope_.reset();
    exchange_.finish();
  }

 private:
  weir::client_watcher& watcher_;
  const int socket_;
  weir::exchange exchange_;
  // Behind the exchange, and in this order: each ends before what it refers to.
  std::optional<weir::context_scope> scope_;
  std::optional<weir::client_watcher::watch> watch_;
};

/// What the owner of a server writes: tiny::serve(socket, routes, observe(observer, watcher)).
inline tiny::make_events observe(weir::request_observer& observer, weir::client_watcher& watcher) {
  return [&](int socket) { return std::make_unique<observed_connection>(observer, watcher, socket); };
}
