// The slowest requests of the last minutes.
#pragma once

#include "log_tail.hpp"
#include "weir/http/exchange.hpp"
#include "weir/log/text_buffer.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace weir::detail {

/// Thread-safe.
class slow_requests {
 public:
  using clock = std::chrono::steady_clock;

  /// `events`: the path of the page's own stream of events, which is always slow and never of interest.
  slow_requests(std::size_t most, std::chrono::seconds window, std::string events);

  /// Keeps it if it is one of the slowest. Cost for all others: two loads.
  void consider(const exchange_record& facts) noexcept;

  /// Changes with what append() writes, but for what has become too old since. Drops that.
  std::uint64_t version(clock::time_point now);
  /// The slowest first, as JSON objects with commas between them, each with the lines that `log` has of it.
  void append(text_buffer& out, const log_tail& log) const;

 private:
  struct entry {
    clock::time_point finished{};
    std::chrono::nanoseconds took{};
    std::int64_t unix_milliseconds = 0;
    std::string method, path, route;
    trace_context trace{};
    unsigned status = 0;
    request_outcome outcome{};
    cancel_reason reason{};
    std::uint64_t response_bytes = 0;
  };

  using slowest_first = std::vector<entry>;

  void keep(const exchange_record& facts, std::chrono::nanoseconds took);
  void drop_old(clock::time_point now);
  void begin_part(clock::time_point now);
  void set_gate() noexcept;

  const std::size_t most_;
  const std::chrono::seconds window_;
  const std::string events_;
  // Written under the mutex. Read without: who comes just then is kept or not, either is right.
  std::atomic<std::chrono::nanoseconds> floor_{std::chrono::nanoseconds(-1)}; // slower ones are kept
  std::atomic<clock::time_point> until_{clock::time_point::min()};            // the end of the newest part

  mutable std::mutex mutex_; // for what follows
  // Of each part of the window its slowest: of a window as a whole the next slowest would be forgotten by the time
  // that the slowest are too old.
  std::deque<slowest_first> parts_;
  std::uint64_t version_ = 0;
};

} // namespace weir::detail
