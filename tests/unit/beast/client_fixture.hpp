// Calls of a client, and servers of all sorts for them.
#pragma once

#include "server_fixture.hpp"
#include "weir/beast/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <cerrno>
#include <future>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace weir_test {

using weir::client_request;
using weir::client_response;

inline std::string url_of(std::uint16_t port, std::string_view target) {
  return fmt::format("http://127.0.0.1:{}{}", port, target);
}

/// A client, observed, and a thread-less way to wait for its calls.
struct caller {
  explicit caller(weir::client_options options = {}) : client(complete(std::move(options))) {}

  client_response send(client_request request, weir::context ctx = {}) {
    boost::asio::io_context io;
    auto result = boost::asio::co_spawn(io, client.send(std::move(ctx), std::move(request)), boost::asio::use_future);
    io.run();
    return result.get();
  }
  client_response get(std::uint16_t port, std::string_view target, weir::context ctx = {}) {
    return send({"GET", url_of(port, target)}, std::move(ctx));
  }
  double calls(observed::labels wanted) const { return by.sum("http_client_request_duration_seconds", wanted); }
  std::vector<std::string> lines() { return by.lines_of("calls"); }

  observed by;
  weir::http_client client;

 private:
  weir::client_options complete(weir::client_options options) {
    options.observing.metrics = &by.registry;
    options.observing.log = &by.stream.get_logger("calls");
    return options;
  }
};

/// Answers with what the request had in the headers that calls carry.
inline task tell_headers(http_request& in, http_response& out) {
  std::string all;
  for (const char* each :
       {"traceparent", "tracestate", "baggage", "X-Request-ID", "X-Request-Timeout-Ms", "Host", "X-Own"})
    all += fmt::format("{}={}\n", each, in.header(each));
  out.body(all + in.body());
  co_return;
}

inline std::string read_head(const raw_socket& from) {
  char next = 0;
  std::string head;
  while (!head.ends_with("\r\n\r\n") && ::recv(from.get(), &next, 1, 0) == 1) head.push_back(next);
  return head;
}

/// With a response after which the connection may be kept; the client may have gone.
inline void answer_to(const raw_socket& asked) {
  constexpr std::string_view text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  ::send(asked.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

/// One call to there; the server's side of its connection.
inline raw_socket get_from(const raw_listener& server, caller& calling) {
  auto response = std::async(std::launch::async, [&] { return calling.get(server.port(), "/"); });
  raw_socket asked = server.accept();
  read_head(asked);
  answer_to(asked);
  CHECK(response.get().body == "ok");
  return asked;
}

/// Whether the client closes it within ten seconds; it may have sent something before.
inline bool is_at_end(const raw_socket& connection) {
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char part[4096];
  for (;;) {
    const ssize_t bytes = ::recv(connection.get(), part, sizeof part, 0);
    if (bytes <= 0) return bytes == 0 || errno == ECONNRESET;
  }
}

inline bool is_open(const raw_socket& connection) {
  char part = 0;
  return ::recv(connection.get(), &part, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/// What a server that is none answers to each connection, which it then closes, or keeps open.
class canned_server {
 public:
  canned_server(std::string answer, bool closes) {
    thread_ = std::jthread([this, answer = std::move(answer), closes](const std::stop_token& stop) {
      std::vector<raw_socket> open;
      while (true) {
        raw_socket client = listener_.accept();
        if (stop.stop_requested()) return;
        ++connections;
        char part[4096];
        std::string head;
        while (head.find("\r\n\r\n") == head.npos) {
          const ssize_t bytes = ::recv(client.get(), part, sizeof part, 0);
          if (bytes <= 0) break;
          head.append(part, static_cast<std::size_t>(bytes));
        }
        client.send(answer);
        if (!closes) open.push_back(std::move(client));
      }
    });
  }
  ~canned_server() {
    thread_.request_stop();
    connect_to(listener_.port());
  }
  std::uint16_t port() const { return listener_.port(); }
  std::atomic<int> connections{0};

 private:
  raw_listener listener_;
  std::jthread thread_;
};

} // namespace weir_test
