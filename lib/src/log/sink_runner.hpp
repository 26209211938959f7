// Runs a sink on a thread of its own, behind a queue of batches.
#pragma once

#include "log/error_reports.hpp"
#include "log/record_copies.hpp"
#include "log/sink_ownership.hpp"
#include "weir/log/sink.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <system_error>

namespace weir::detail {

/// Shared by the stream's side and the thread: where the target blocks for ever, the thread keeps it, and the stream
/// goes on without.
class sink_runner {
 public:
  /// Throws std::invalid_argument if the target is somebody else's.
  explicit sink_runner(std::shared_ptr<sink> target) : target_(std::move(target)) {
    sink_ownership::take("the arguments of on_own_thread", {&target_, 1});
  }
  ~sink_runner() { sink_ownership::let_go({&target_, 1}); }
  sink_runner(const sink_runner&) = delete;
  sink_runner& operator=(const sink_runner&) = delete;

  // The stream's side; one thread at a time, but for reopen().

  /// Bytes of batches that wait or are being written.
  std::size_t used_bytes() const noexcept {
    // relaxed: the other side only ever makes room.
    return used_.load(std::memory_order_relaxed);
  }
  /// `counted`: whether what is lost of it is to be among the losses.
  void push(record_copies batch, bool counted);
  /// Waits until the target has written and flushed (or synced) everything; at most `limit`, and not at all if the
  /// last call waited in vain and nothing has moved since: that is std::errc::timed_out.
  std::error_code drain(bool sync, std::chrono::milliseconds limit);
  /// Has the thread end when everything is written. Returns whether it has, within `limit`; if not, what waits is
  /// lost.
  bool end(std::chrono::milliseconds limit) noexcept;
  void reopen() noexcept { target_->reopen(); }

  struct losses {
    std::uint64_t records, errors;
  };
  /// Since the last call.
  losses take_losses() noexcept {
    // relaxed, both: counters.
    return {lost_.exchange(0, std::memory_order_relaxed), errors_.exchange(0, std::memory_order_relaxed)};
  }

  // The thread's side.
  void run() noexcept;

 private:
  bool has_work() const noexcept { return !queue_.empty() || drains_done_ != drains_asked_ || ending_; }
  struct queued {
    record_copies records;
    bool counted;
  };
  void write(const queued& batch) noexcept;
  std::error_code drain_target(bool sync) noexcept;
  void note(std::string_view attempt, std::string_view what, std::size_t lost) noexcept;

  const std::shared_ptr<sink> target_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::uint64_t> lost_{0}, errors_{0};

  std::mutex mutex_; // for what follows
  std::deque<queued> queue_;
  std::uint64_t drains_asked_ = 0, drains_done_ = 0;
  bool sync_asked_ = false;
  std::error_code drain_error_;
  std::uint64_t steps_ = 0;             // batches written and drains done
  std::uint64_t stuck_at_ = UINT64_MAX; // steps_, when a drain has waited in vain
  bool ending_ = false, abandoned_ = false, ended_ = false;
  std::condition_variable work_;     // the thread waits; woken by push(), drain() and end()
  std::condition_variable progress_; // drain() and end() wait, with a limit; woken by the thread

  // The thread's own.
  bool counts_losses_ = true; // of the batch that it writes
  error_reports reports_;
};

} // namespace weir::detail
