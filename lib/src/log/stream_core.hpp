// What a stream consists of: shared by its handle, its loggers, the threads that have logged, and the backend.
#pragma once

#include "log/chunk_pool.hpp"
#include "log/doorbell.hpp"
#include "weir/log/producer.hpp"
#include "weir/log/stream.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace weir::detail {

enum class drop_reason : std::uint8_t { queue_full, too_many_threads, closed, unrenderable, sink };
inline constexpr std::size_t drop_reasons = 5;

/// The values of stream_front::asleep.
enum backend_state : std::uint32_t { awake = 0, sleeping = 1, closing = 2 };

class stream_core : public stream_front {
 public:
  explicit stream_core(log_options checked);

  const log_options options;
  chunk_pool pool;
  doorbell bell;

  // Written by the backend.
  alignas(cache_line) std::atomic<std::uint64_t> drained{0};
  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> sink_errors{0};
  std::atomic<std::uint64_t> queue_bytes{0};
  /// Set as the backend's last act: positions in chunks are final.
  std::atomic<bool> finished{false};
  // Written by producers, on their slow path only, and by the backend.
  alignas(cache_line) std::atomic<std::uint64_t> dropped[drop_reasons]{};

  void count_dropped(drop_reason reason, std::uint64_t records = 1) noexcept {
    // relaxed: a counter that orders nothing.
    dropped[static_cast<std::size_t>(reason)].fetch_add(records, std::memory_order_relaxed);
  }
  std::uint64_t count_of(drop_reason reason) const noexcept {
    // relaxed: as above.
    return dropped[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
  }

  /// Flushes: requests are record clock times, answered when everything up to there has gone through the sinks.
  struct flush_state {
    std::mutex mutex;
    std::condition_variable answered;
    std::uint64_t requested = 0;
    std::uint64_t done = 0;
    bool over = false; // the backend has ended
  } flushes;

  // All sinks of all loggers; grows under the mutex, read by the backend from its own copy.
  struct registry_state {
    std::mutex mutex;
    std::vector<std::shared_ptr<sink>> sinks;
    std::map<std::string, std::unique_ptr<logger_state>, std::less<>> states;
    std::map<std::string, std::unique_ptr<logger>, std::less<>> loggers;
  } registry;
  /// registry.sinks.size(), for the backend to see that its copy is old.
  std::atomic<std::size_t> sink_count{0};

  std::atomic<std::thread::id> backend_thread{};
};

/// The backend thread's function.
void run_backend(const std::shared_ptr<stream_core>& core);

} // namespace weir::detail
