// The ways in which a request ends: what its clients do for that, what the server has for them, and what its end is
// called.
#pragma once

#include "beast/raw_client.hpp"
#include "weir/beast/server.hpp"

#include <fmt/format.h>

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace weir_test {

/// Which requests have reached their handlers: a client that is to go just then waits for its own.
class arrivals {
 public:
  explicit arrivals(std::size_t most) : seen_(most) {}
  /// The number of a request that is going to be sent.
  std::size_t next() noexcept { return next_.fetch_add(1, std::memory_order_relaxed); } // relaxed: it only counts
  void arrived(std::size_t number) noexcept {
    // release: pairs with the acquire below.
    seen_.at(number).store(true, std::memory_order_release);
    seen_.at(number).notify_all();
  }
  void wait_for(std::size_t number) const noexcept {
    // acquire: pairs with the release above.
    seen_.at(number).wait(false, std::memory_order_acquire);
  }

 private:
  std::vector<std::atomic<bool>> seen_;
  std::atomic<std::size_t> next_{0};
};

/// What a request's end is called, in the log and in the metrics.
struct end {
  std::string outcome;          // field `outcome`
  std::string error_type;       // label `error_type`
  std::string status;           // field and label; "" if none was sent
  std::string phase = {};       // label `phase` of weir_requests_cancelled_total; "": it is not in there
  std::string logged_type = {}; // field `error.type`; "": none

  friend auto operator<=>(const end&, const end&) = default;
};

/// One thread's clients.
class client {
 public:
  client(std::uint16_t port, arrivals& handlers) : handlers_(handlers), port_(port), kept_(port) {}

  /// On the connection that is kept.
  void ask(std::string_view request, unsigned status, bool has_body = true) {
    expect(kept_.ask(request, has_body).status, status);
  }
  void ask_many(std::string_view request, unsigned status, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += request;
    kept_.send(all);
    for (int i = 0; i < times; ++i) expect(kept_.read().status, status);
  }
  /// On a connection of its own, which the server closes.
  void ask_once(std::string_view request, unsigned status) {
    raw_client own(port_);
    own.send(request);
    expect(own.read().status, status);
    own.at_end();
  }
  /// On a connection of its own that `leave` ends as soon as the handler has begun.
  void leave_handler(const std::function<void(raw_client&)>& leave) {
    raw_client own(port_);
    const std::size_t number = handlers_.next();
    own.send(fmt::format("GET /wait HTTP/1.1\r\nHost: x\r\nX-Number: {}\r\n\r\n", number));
    handlers_.wait_for(number);
    leave(own);
  }
  /// Amid a download.
  void leave_download() {
    raw_client own(port_);
    own.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    own.take(1000);
    own.reset();
  }
  /// Amid a body.
  void leave_body() {
    raw_client own(port_);
    own.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
    own.take(1); // the header has been read
    own.send("half of it");
    own.close();
  }

 private:
  static void expect(unsigned status, unsigned wanted) {
    if (status != wanted) throw std::runtime_error(fmt::format("status {} instead of {}", status, wanted));
  }

  arrivals& handlers_;
  const std::uint16_t port_;
  raw_client kept_;
};

struct way {
  const char* name;
  end wanted;
  int share; // of all requests, per mille
  std::function<void(client&)> go;
  int requests = 1; // each time
};

std::vector<way> all_ways();
void add_routes(weir::http_server& on, arrivals& handlers);

} // namespace weir_test
