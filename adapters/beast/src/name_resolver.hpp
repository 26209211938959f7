// Resolves names, several at a time, without keeping anybody longer than its context.
#pragma once

#include "weir/context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// Asks the system, getaddrinfo(3), which cannot be stopped: so on threads of its own, which are made for the first
/// name. Whoever wants a name that is just being resolved waits for that, so that one name takes one thread.
/// Thread safety: used on the io_context's one thread. Lifetime: goes after that has ended, and before the
/// io_context. The destructor waits for names that are just being resolved.
class name_resolver {
 public:
  /// Names that are resolved beside each other; further ones wait.
  static constexpr std::size_t most_at_once = 8;

  explicit name_resolver(boost::asio::io_context& io) : io_(io) {}

  /// Result: at least one. Errors: boost::system::system_error; std::system_error with the context's error.
  boost::asio::awaitable<std::vector<boost::asio::ip::address>> resolve(context ctx, std::string host);

 private:
  struct lookup;

  std::shared_ptr<lookup> find(std::string_view host) const;
  std::shared_ptr<lookup> add(std::string host);
  void begin_waiting();
  void ended(const std::shared_ptr<lookup>& one);

  boost::asio::io_context& io_;
  std::vector<std::shared_ptr<lookup>> running_;
  std::deque<std::weak_ptr<lookup>> waiting_; // theirs who want to know; the oldest first
  std::optional<boost::asio::thread_pool> threads_;
};

} // namespace weir::detail
