// A stream's flight recorder: the memory of its recordings, and what became of them.
#pragma once

#include "weir/log/recording.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace weir::detail {

/// Thread-safe.
class flight_recorder {
 public:
  /// `options` is checked.
  explicit flight_recorder(const recorder_options& options) noexcept : options_(options) {}
  ~flight_recorder();
  flight_recorder(const flight_recorder&) = delete;
  flight_recorder& operator=(const flight_recorder&) = delete;

  const recorder_options& options() const noexcept { return options_; }
  std::size_t half_bytes() const noexcept { return options_.bytes / 2; }

  /// Both halves of a recording, or nullptr when the limit, or memory, is reached. The one that was given back last,
  /// which is likely to be in the cache.
  std::byte* acquire() noexcept;
  void release(std::byte* halves) noexcept;

  // For a fork.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

  // Written by whoever emits, and by whoever finds no memory.
  std::atomic<std::uint64_t> emitted{0}, overwritten{0}, refused{0};

  std::size_t allocated_bytes() const noexcept {
    // relaxed: a statistic.
    return allocated_bytes_.load(std::memory_order_relaxed);
  }

 private:
  const recorder_options options_;
  std::mutex mutex_;
  std::vector<std::byte*> free_; // with room for all that are allocated
  std::atomic<std::size_t> allocated_bytes_{0};
};

// For a fork: the lock is held across it, and in the child no tape is held by a thread that is not there.
void lock_tapes() noexcept;
void unlock_tapes() noexcept;
void let_go_of_tapes() noexcept;

/// Throws std::invalid_argument naming what is out of range.
void check_recorder(const recorder_options& options);

} // namespace weir::detail
