// Resolves names, several at a time, without keeping anybody longer than its context.
#pragma once

#include "weir/context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace weir::detail {

/// Asks the system, getaddrinfo(3), which cannot be stopped: so on threads of its own, each of which is started for a
/// name that no other one is free for. Whoever wants a name that is just being resolved waits for that, so that one
/// name takes one thread.
/// Thread safety: used on the io_context's one thread. Lifetime: goes after that has ended, and before the
/// io_context. The destructor waits for names that are just being resolved.
class name_resolver {
 public:
  /// Names that are resolved beside each other; further ones wait.
  static constexpr std::size_t most_at_once = 8;

  explicit name_resolver(boost::asio::io_context& io) : io_(io) {}
  name_resolver(const name_resolver&) = delete;
  name_resolver& operator=(const name_resolver&) = delete;
  ~name_resolver();

  /// Result: at least one. Errors: boost::system::system_error, also if there is no thread at all to be had;
  /// std::system_error with the context's error.
  boost::asio::awaitable<std::vector<boost::asio::ip::address>> resolve(context ctx, std::string host);

 private:
  struct lookup;

  std::shared_ptr<lookup> find(std::string_view host) const;
  std::shared_ptr<lookup> add(std::string host);
  void start_thread_for(const std::string& host);
  void work();

  boost::asio::io_context& io_;
  std::vector<std::weak_ptr<lookup>> known_; // theirs who want to know, or the thread's that resolves it
  std::mutex mutex_;                         // over the next four
  std::condition_variable changed_;
  std::deque<std::weak_ptr<lookup>> waiting_; // for a thread; the oldest first
  std::size_t idle_ = 0;                      // threads that wait for a name
  bool is_stopping_ = false;
  std::vector<std::thread> threads_; // on the io_context's thread; the destructor waits for them
};

} // namespace weir::detail
