// A server on a free port with an observer of its own, run by a thread of the test.
#pragma once

#include "http/observed.hpp"
#include "raw_client.hpp"
#include "weir/beast/server.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace weir_test {

using namespace std::chrono_literals;
using weir::http_request;
using weir::http_response;
using task = boost::asio::awaitable<void>;

/// Options for a test: watched soon, so that nobody waits long.
inline weir::server_options quick(weir::server_options options = {}) {
  options.port = 0;
  options.watch.arm_after = 1ms;
  return options;
}

/// The bytes of a GET request; `headers`: whole lines, each with its end.
inline std::string get_request(std::string_view target, std::string_view headers = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", target, headers);
}

/// `set_up` adds routes; then it runs. Stopped at once in the end.
class running_server {
 public:
  explicit running_server(const std::function<void(weir::http_server&)>& set_up,
                          weir::server_options options = quick(), bool is_observed = true,
                          weir::observer_options observing = {})
      : by(std::move(observing)), server_(complete(std::move(options), is_observed)) {
    set_up(server_);
    thread_ = std::jthread([this] { server_.run(); });
  }
  ~running_server() { stop(0ms); }

  std::uint16_t port() const { return server_.port(); }
  void begin_stop(std::chrono::milliseconds grace) { server_.stop(grace); }
  /// Returns when run() has.
  void stop(std::chrono::milliseconds grace) {
    server_.stop(grace);
    wait();
  }
  void wait() {
    if (thread_.joinable()) thread_.join();
  }

  observed by;

 private:
  weir::server_options complete(weir::server_options options, bool is_observed) {
    options.observer = is_observed ? &by.observer : nullptr;
    options.log = &by.stream.get_logger("server");
    return options;
  }

  weir::http_server server_;
  std::jthread thread_;
};

} // namespace weir_test
