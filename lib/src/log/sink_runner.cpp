#include "log/sink_runner.hpp"

#include "log/guarded.hpp"
#include "log/sink_call.hpp"

#include <numeric>
#include <utility>

namespace weir::detail {

void sink_runner::push(record_copies batch, bool counted) {
  const std::size_t bytes = batch.bytes();
  const std::lock_guard lock(mutex_);
  queue_.push_back({std::move(batch), counted});
  // relaxed: only this side decides by it.
  used_.fetch_add(bytes, std::memory_order_relaxed);
  work_.notify_one();
}

std::error_code sink_runner::drain(bool sync, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  if (stuck_at_ == steps_) return std::make_error_code(std::errc::timed_out);
  const std::uint64_t mine = ++drains_asked_;
  sync_asked_ = sync_asked_ || sync;
  work_.notify_one();
  const bool done = progress_.wait_for(lock, limit, [&] { return drains_done_ >= mine; });
  stuck_at_ = done ? UINT64_MAX : steps_;
  return done ? drain_error_ : std::make_error_code(std::errc::timed_out);
}

bool sink_runner::end(std::chrono::milliseconds limit) noexcept {
  std::unique_lock lock(mutex_);
  ending_ = true;
  work_.notify_one();
  if (progress_.wait_for(lock, limit, [&] { return ended_; })) return true;
  abandoned_ = true;
  const std::size_t lost =
      std::accumulate(queue_.begin(), queue_.end(), std::size_t{0}, [](std::size_t sum, const queued& batch) {
        return sum + (batch.counted ? batch.records.count() : 0);
      });
  error_reports().note(target_->name(), "closing", "it is blocked", lost);
  return false;
}

void sink_runner::run() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return has_work(); });
    if (abandoned_) break;
    if (!queue_.empty()) {
      const queued batch = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      write(batch);
      // relaxed: see used_bytes().
      used_.fetch_sub(batch.records.bytes(), std::memory_order_relaxed);
      lock.lock();
      ++steps_;
    } else if (const std::uint64_t asked = drains_asked_; drains_done_ != asked) {
      const bool sync = std::exchange(sync_asked_, false);
      lock.unlock();
      const std::error_code error = drain_target(sync);
      lock.lock();
      drains_done_ = asked;
      drain_error_ = error;
      ++steps_;
      progress_.notify_all();
    } else {
      break; // it is the end, and everything is written
    }
  }
  lock.unlock();
  drain_target(false);
  lock.lock();
  ended_ = true;
  progress_.notify_all();
}

void sink_runner::note(std::string_view attempt, std::string_view what, std::size_t lost) noexcept {
  // relaxed, both: counters.
  if (counts_losses_) lost_.fetch_add(lost, std::memory_order_relaxed);
  errors_.fetch_add(1, std::memory_order_relaxed);
  reports_.note(target_->name(), attempt, what, lost);
}

void sink_runner::write(const queued& batch) noexcept {
  counts_losses_ = batch.counted;
  std::size_t appended = 0;
  for (std::size_t at = 0; at < batch.records.bytes();)
    guarded(
        [&] {
          if (sink_call::append(*target_, batch.records.read(at))) ++appended;
        },
        [&](std::string_view what) { note({}, what, 1); });
  guarded(
      [&] {
        const commit_result result = target_->commit();
        if (result.error || result.lost != 0) note(result.attempt, message_of(result.error), result.lost);
      },
      [&](std::string_view what) { note({}, what, appended); });
}

std::error_code sink_runner::drain_target(bool sync) noexcept {
  std::error_code error = std::make_error_code(std::errc::io_error); // of what is thrown
  guarded(
      [&] {
        if (!sync) target_->flush();
        error = sync ? target_->sync() : std::error_code();
        if (error) note("sync", message_of(error), 0);
      },
      [&](std::string_view what) { note(sync ? "sync" : "flush", what, 0); });
  return error;
}

} // namespace weir::detail
