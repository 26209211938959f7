// The part of the client watch that all connections of an execution context share.
#pragma once

#include "weir/beast/client_watch.hpp"
#include "weir/context/small_mutex.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace weir::detail {

struct watch_entry;

/// What is asked of every connection at every tick: dense, so that the tick does not drag the connections themselves
/// through the cache.
struct watch_slot {
  /// Which start() the connection is watched for, unique in the service, with `armed` once it is in the epoll set; 0
  /// when it is not watched. Set by start(), on the connection's executor; armed in tick(), under the service's
  /// mutex; back to 0 by stop(), which takes the mutex only if it was armed.
  std::atomic<std::uint64_t> round{0};
  static constexpr std::uint64_t armed = 1;

  watch_entry* entry = nullptr; // constant while the connection lives
};

/// Of one connection one request at a time.
struct watch_entry : std::enable_shared_from_this<watch_entry> {
  watch_entry(boost::asio::any_io_executor run_on, client_watch_options given, watch_slot& own)
      : executor(std::move(run_on)), options(given), slot(own) {}

  const boost::asio::any_io_executor executor;
  const client_watch_options options;
  watch_slot& slot;

  // Touched on `executor` only, or under the mutex while the slot is armed.
  exchange* watched = nullptr;
  const std::function<void()>* look = nullptr;
  const void* connection = nullptr;
  int descriptor = -1;

  // Under the mutex, while it is in armed_.
  std::uint64_t round = 0; // with `armed`
  watch_entry* next = nullptr;
};

/// A timer ticks while there are young requests and moves those that are due into the epoll set; when that becomes
/// readable, somebody has gone. Both run in the execution context, wherever it runs its handlers, and neither is
/// waited for without a request to watch: run() returns when all else is done.
class watch_service final : public boost::asio::execution_context::service {
 public:
  static inline boost::asio::execution_context::id id;

  explicit watch_service(boost::asio::execution_context& context);
  ~watch_service() override;

  std::shared_ptr<watch_entry> enlist(boost::asio::any_io_executor executor, client_watch_options options);
  /// `entry` is stopped; reports that are under way may outlive this.
  void dismiss(watch_entry& entry) noexcept;

  /// `connection`: tells it from others whose descriptor had, or will have, the same number.
  void start(watch_entry& entry, int descriptor, exchange& watched, const std::function<void()>* look,
             const void* connection);
  void stop(watch_entry& entry) noexcept;
  /// Has `look` called once when the connection becomes readable; does nothing before `entry` is armed.
  void expect_input(const watch_entry& entry) noexcept;

 private:
  /// A request that was begun, and may be over by now: its slot says.
  struct young_request {
    watch_slot* slot;
    std::uint64_t round;
    std::chrono::steady_clock::time_point due;
  };

  void shutdown() noexcept override;

  void schedule_tick() noexcept;
  void tick() noexcept;
  void drop_first_young() noexcept;
  void sweep_young() noexcept;
  void arm(watch_entry& entry, std::uint64_t round) noexcept;
  void wait_for_events() noexcept;
  void end_wait_if_idle() noexcept;
  void forget(int descriptor) noexcept;
  void unlink(watch_entry& entry) noexcept;
  bool is_armed(const watch_entry& entry) const noexcept;
  void take_events() noexcept;
  void wait_on(int descriptor, std::uint32_t events, std::uint64_t round) noexcept;
  static void report_input(watch_entry& entry);
  static void report(watch_entry& entry, cancel_reason reason);

  small_mutex mutex_; // held for moments, but for a tick that has requests to arm
  bool ticking_ = false, waiting_ = false, shut_down_ = false;
  std::uint64_t last_round_ = 0;

  // In the order in which they were begun, from first_young_ on.
  std::vector<young_request> young_;
  std::size_t first_young_ = 0;

  /// The requests of one connection, of which there may be several where a session reads ahead of its responses.
  struct armed_connection {
    watch_entry* first;
    std::uint64_t round; // what the epoll set knows it by: that of the request that brought it there
  };
  // By descriptor: a session may close its socket early, and the kernel give its number to the next one.
  std::unordered_map<int, armed_connection> armed_;

  std::deque<watch_slot> slots_; // never moved
  std::vector<watch_slot*> free_slots_;

  boost::asio::steady_timer timer_;
  boost::asio::posix::stream_descriptor epoll_;
};

} // namespace weir::detail
