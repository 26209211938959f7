#include "log/flush_requests.hpp"

#include "weir/log/clock.hpp"

#include <algorithm>

namespace weir::detail {

bool flush_requests::add(const std::shared_ptr<flush_request>& request) {
  request_list one{request}; // allocated outside of the lock
  const std::lock_guard lock(mutex_);
  if (shut_) return false;
  // Read under the lock, so that the list is in order. Later than the stamps of what the caller has logged.
  request->asked = record_clock_now();
  waiting_.splice(waiting_.end(), one);
  return true;
}

void flush_requests::withdraw(const std::shared_ptr<flush_request>& request) noexcept {
  request_list out; // freed outside of the lock
  const std::lock_guard lock(mutex_);
  if (const auto found = std::ranges::find(waiting_, request); found != waiting_.end())
    out.splice(out.end(), waiting_, found);
}

request_list flush_requests::take(std::uint64_t horizon) noexcept {
  request_list due;
  const std::lock_guard lock(mutex_);
  const auto later = std::ranges::find_if(waiting_, [&](const auto& each) { return each->asked > horizon; });
  due.splice(due.end(), waiting_, waiting_.begin(), later);
  return due;
}

void flush_requests::begin_anew() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& each : waiting_) each->asked = 0;
}

request_list flush_requests::shut() noexcept {
  request_list late;
  const std::lock_guard lock(mutex_);
  shut_ = true;
  late.swap(waiting_);
  return late;
}

void flush_requests::end(const last_errors& met) noexcept {
  const std::lock_guard lock(mutex_);
  last_ = met;
  ended_.notify_all();
}

std::optional<last_errors> flush_requests::await_end(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, limit, [&] { return last_.has_value(); });
  return last_;
}

} // namespace weir::detail
