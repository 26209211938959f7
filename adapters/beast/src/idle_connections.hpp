// The connections that a client keeps for its next calls.
#pragma once

#include "client_connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir::detail {

/// Open connections that nobody uses, none for longer than the time limit. Those that their server has closed go
/// within a second.
/// Thread safety: used on the io_context's one thread. Cost: a look at each to find one, of which there are few.
class idle_connections {
 public:
  struct limits {
    std::size_t per_server;
    std::size_t in_all;
    std::chrono::milliseconds time;
  };

  idle_connections(boost::asio::io_context& io, const limits& allowed) : limits_(allowed), sweeping_(io) {}

  /// The one that was kept last, as it is the likeliest to be open still.
  std::shared_ptr<client_connection> take(const std::string& server) {
    for (std::size_t i = kept_.size(); i-- > 0;) {
      if (kept_[i].connection->server() != server) continue;
      idle found = std::move(kept_[i]);
      kept_.erase(at(i));
      if (is_wanted(found, clock::now())) return std::move(found.connection);
    }
    return nullptr;
  }

  /// Where there are too many it takes the place of the oldest.
  void keep(std::shared_ptr<client_connection> connection) {
    if (is_closed_ || limits_.per_server == 0 || limits_.in_all == 0) return;
    const auto of_server = [&](const idle& each) { return each.connection->server() == connection->server(); };
    if (static_cast<std::size_t>(std::ranges::count_if(kept_, of_server)) >= limits_.per_server)
      kept_.erase(std::ranges::find_if(kept_, of_server));
    else if (kept_.size() >= limits_.in_all)
      kept_.erase(kept_.begin());
    kept_.push_back({std::move(connection), clock::now()});
    if (!is_sweeping_) sweep_later();
  }

  /// Closes all, and keeps none from now on.
  void close() {
    is_closed_ = true;
    kept_.clear();
    sweeping_.cancel();
  }

 private:
  using clock = std::chrono::steady_clock;
  struct idle {
    std::shared_ptr<client_connection> connection;
    clock::time_point since;
  };

  std::vector<idle>::iterator at(std::size_t i) { return kept_.begin() + static_cast<std::ptrdiff_t>(i); }

  bool is_wanted(idle& one, clock::time_point now) const {
    return now - one.since < limits_.time && one.connection->is_open();
  }

  void sweep_later() {
    using namespace std::chrono_literals;
    is_sweeping_ = true;
    sweeping_.expires_after(std::clamp<std::chrono::milliseconds>(limits_.time / 2, 1ms, 1s));
    sweeping_.async_wait([this](const boost::system::error_code& error) {
      is_sweeping_ = false;
      if (error) return;
      const auto now = clock::now();
      std::erase_if(kept_, [&](idle& each) { return !is_wanted(each, now); });
      if (!kept_.empty()) sweep_later();
    });
  }

  const limits limits_;
  std::vector<idle> kept_; // the oldest first
  boost::asio::steady_timer sweeping_;
  bool is_sweeping_ = false;
  bool is_closed_ = false;
};

} // namespace weir::detail
