// Finds handlers that go on though nobody waits for them any more.
#pragma once

#include "weir/context.hpp"
#include "weir/http/observer.hpp"
#include "weir/metrics.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace weir::detail {

/// The exchanges of one observer, looked at now and then as long as there are any: on the library's timer thread, so
/// that no thread is there for it. Thread-safe. The last look may end after close() was called on another thread, but
/// close() waits for it.
class handler_watch : public std::enable_shared_from_this<handler_watch> {
 public:
  /// `log` may be null: the process's own. Looks every half of `limit`, but at least every second and at most every
  /// 20 ms.
  handler_watch(gauge& stuck, logger* log, std::chrono::milliseconds limit) noexcept;

  void add(exchange& watched) noexcept;
  void remove(exchange& watched) noexcept;
  void close() noexcept;
  /// See request_observer.
  std::vector<request_under_way> under_way(std::size_t most);

 private:
  void arm();
  void look();

  gauge& stuck_;
  logger* const log_;
  const std::chrono::milliseconds limit_;

  std::mutex looking_; // held throughout a look; before mutex_
  std::mutex mutex_;
  // All under mutex_.
  exchange* first_ = nullptr;
  std::int64_t shown_ = 0; // of the gauge's value
  bool closed_ = false;
  bool armed_ = false;
  std::uint32_t process_ = 0; // the fork_count() in which it is armed
  cancellable next_look_;
  done_registration looks_;
};

} // namespace weir::detail
