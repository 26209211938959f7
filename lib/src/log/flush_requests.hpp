// Who waits for a flush or a sync: from the callers to the backend, which answers them in groups.
#pragma once

#include "weir/log/flush_result.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>

namespace weir::detail {

/// One call that waits. Answered exactly once, by the backend, unless it is withdrawn before.
class flush_request {
 public:
  flush_request(bool is_durable, const log_mark& counted_from) noexcept : durable(is_durable), since(counted_from) {}
  flush_request(const flush_request&) = delete;
  flush_request& operator=(const flush_request&) = delete;
  virtual ~flush_request() = default;

  /// Backend-thread-only. What it throws is reported as an error.
  virtual void answer(const flush_result& result) = 0;

  const bool durable; // wants the records on the disk, not only handed over
  const log_mark since;
  std::uint64_t asked = 0; // record clock; set by flush_requests::add()
};

using request_list = std::list<std::shared_ptr<flush_request>>;

/// What a stream's backend has met, for close() to tell.
struct last_errors {
  std::error_code flush; // met by the last flush of the sinks
  std::error_code loss;  // a sink lost something to it, most lately
};

/// Thread-safe.
class flush_requests {
 public:
  /// False if the backend has ended: nobody will answer. Throws std::bad_alloc. The caller rings the backend.
  bool add(const std::shared_ptr<flush_request>& request);
  /// For a caller who waits no longer: a sink that hangs must not make the list grow.
  void withdraw(const std::shared_ptr<flush_request>& request) noexcept;

  /// The requests that are answered once everything up to `horizon` has gone through the sinks. Backend only, as the
  /// rest from here on. Allocates nothing.
  request_list take(std::uint64_t horizon) noexcept;

  /// The record clock began anew: who waits is the first to be answered.
  void begin_anew() noexcept;

  /// From now on nobody is let in; returns whoever came late.
  request_list shut() noexcept;
  /// The backend's last word: everybody has been answered.
  void end(const last_errors& met) noexcept;

  /// Any thread: waits for end(), which is its only waker, at most `limit`; returns nothing if it has not come to
  /// that.
  std::optional<last_errors> await_end(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;
  request_list waiting_; // in the order of `asked`
  std::condition_variable ended_;
  bool shut_ = false;
  std::optional<last_errors> last_; // once all is over
};

} // namespace weir::detail
