// The part of the client watch that all connections of an execution context share.
#pragma once

#include "weir/beast/client_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace weir::detail {

/// One connection. In one of three places: nowhere; in the list of young requests; in the epoll set.
struct watch_entry : std::enable_shared_from_this<watch_entry> {
  enum class place : std::uint8_t { nowhere, young, armed };

  watch_entry(boost::asio::any_io_executor run_on, client_watch_options given)
      : executor(std::move(run_on)), options(given) {}

  const boost::asio::any_io_executor executor;
  const client_watch_options options;

  // Guarded by the service's mutex.
  place where = place::nowhere;
  int descriptor = -1;
  std::uint64_t round = 0; // which start() this is: unique in the service
  std::chrono::steady_clock::time_point due{};
  watch_entry* before = nullptr;
  watch_entry* after = nullptr;

  // Touched on `executor` only.
  exchange* watched = nullptr;
  std::uint64_t watched_round = 0;
};

/// A timer ticks while there are young requests and moves those that are due into the epoll set; when that becomes
/// readable, somebody has gone. Both run in the execution context, wherever it runs its handlers, and neither is
/// waited for without a request to watch: run() returns when all else is done.
class watch_service final : public boost::asio::execution_context::service {
 public:
  static inline boost::asio::execution_context::id id;

  explicit watch_service(boost::asio::execution_context& context);
  ~watch_service() override;

  void start(watch_entry& entry, int descriptor);
  void stop(watch_entry& entry) noexcept;

 private:
  void shutdown() noexcept override;

  void link(watch_entry& entry) noexcept;
  void unlink(watch_entry& entry) noexcept;
  void schedule_tick() noexcept;
  void tick() noexcept;
  void arm(watch_entry& entry) noexcept;
  void wait_for_events() noexcept;
  void end_wait_if_idle() noexcept;
  void forget(watch_entry& entry) noexcept;
  void take_events() noexcept;
  static void report(const std::shared_ptr<watch_entry>& entry, std::uint64_t round, cancel_reason reason);

  std::mutex mutex_;
  bool ticking_ = false, waiting_ = false, shut_down_ = false;
  std::uint64_t last_round_ = 0;
  watch_entry* oldest_ = nullptr;
  watch_entry* youngest_ = nullptr;
  // By descriptor: a session may close its socket early, and the kernel give its number to the next one.
  std::unordered_map<int, watch_entry*> armed_;

  boost::asio::steady_timer timer_;
  boost::asio::posix::stream_descriptor epoll_;
};

} // namespace weir::detail
