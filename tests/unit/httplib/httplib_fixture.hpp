// A cpp-httplib server that is observed, and what it told.
#pragma once

#include "weir/httplib/server.hpp"

#include "beast/raw_client.hpp"
#include "http/observed.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

namespace weir_test {

/// A server on a free port. Routes are added before start(); stop() returns when all requests are counted.
class httplib_fixture {
 public:
  explicit httplib_fixture(weir::client_watch_options options = {.arm_after = std::chrono::milliseconds(1)},
                           weir::observer_options observing = {})
      : observed(std::move(observing)), server(observed.observer, options) {
    server.new_task_queue = [] { return new httplib::ThreadPool(4); };
    server.set_keep_alive_timeout(1);
    server.Get("/hello",
               [](const httplib::Request&, httplib::Response& answer) { answer.set_content("hello", "text/plain"); });
  }
  ~httplib_fixture() { stop(); }
  raw_client start() {
    const int port = server.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server.listen_after_bind(); });
    port_ = static_cast<std::uint16_t>(port);
    return connect();
  }
  raw_client connect() const { return raw_client(port_); }
  void stop_serving() {
    if (std::exchange(is_stopped_, true)) return;
    while (!server.is_running()) std::this_thread::yield(); // stop() does nothing before
    server.stop();
  }
  void stop() {
    if (!thread_.joinable()) return;
    stop_serving();
    thread_.join();
  }
  /// The one access line, when all is over.
  std::string line() {
    stop();
    const auto lines = observed.access_lines();
    REQUIRE(lines.size() == 1);
    CHECK(observed.active() == 0);
    CHECK(observed.finished() == 1);
    return lines[0];
  }

  weir_test::observed observed;
  weir::httplib_server server;

 private:
  std::thread thread_;
  std::uint16_t port_ = 0;
  bool is_stopped_ = false;
};

} // namespace weir_test
