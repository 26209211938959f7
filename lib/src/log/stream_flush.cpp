// The stream's promises about what was logged: flush, sync, close.
#include "log/stream_core.hpp"
#include "weir/log/stream.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weir {

namespace detail {

namespace {

/// A time limit that can be added to the clock's now: "for ever" is a hundred years.
std::chrono::milliseconds addable(std::chrono::milliseconds limit) noexcept {
  return std::min<std::chrono::milliseconds>(limit, std::chrono::hours(24 * 365 * 100));
}

/// A caller that blocks. Shared with the backend, which may be about to answer when the caller's limit passes.
class blocked_caller final : public flush_request {
 public:
  using flush_request::flush_request;

  void answer(const flush_result& result) override {
    {
      const std::lock_guard lock(mutex_);
      result_ = result;
    }
    answered_.notify_one(); // not under the lock, which the woken caller would find taken
  }
  /// Woken by answer(), which the backend's end brings at the latest.
  std::optional<flush_result> wait_for(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    answered_.wait_for(lock, addable(limit), [&] { return result_.has_value(); });
    return result_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<flush_result> result_;
};

class callback_caller final : public flush_request {
 public:
  callback_caller(bool is_durable, const log_mark& counted_from, std::function<void(const flush_result&)> done)
      : flush_request(is_durable, counted_from), done_(std::move(done)) {}
  void answer(const flush_result& result) override { done_(result); }

 private:
  const std::function<void(const flush_result&)> done_;
};

flush_result not_done(const stream_core& core, const log_mark& since, std::errc why) noexcept {
  flush_result result = result_since(core, since);
  result.pending_bytes = core.pending_bytes();
  result.error = std::make_error_code(why);
  return result;
}

/// The limit has passed. Where nobody has ever logged there was nothing to be done in it, however short it was.
flush_result out_of_time(const stream_core& core, const log_mark& since) noexcept {
  flush_result result = not_done(core, since, std::errc::timed_out);
  // relaxed: who logs at the same time may be missed, as if it came later.
  if (core.producers.load(std::memory_order_relaxed) != 0 || result.lost != 0) return result;
  result.complete = true;
  result.error = {};
  return result;
}

} // namespace

flush_result result_since(const stream_core& core, const log_mark& since) noexcept {
  const log_mark now = core.totals();
  return {.complete = false,
          .written = now.written - since.written,
          .lost = now.lost - since.lost,
          .pending_bytes = 0,
          .error = {}};
}

std::error_code loss_between(const log_mark& since, const log_mark& now, std::error_code by_sinks) noexcept {
  return now.lost_by_sinks != since.lost_by_sinks ? by_sinks : std::make_error_code(std::errc::no_buffer_space);
}

log_mark stream_core::totals() const noexcept {
  log_mark now;
  // acquire: pairs with the release in delivery::sync_sinks().
  now.failed_syncs = failed_syncs.load(std::memory_order_acquire);
  now.lost_by_sinks = count_of(drop_reason::sink);
  for (std::size_t reason = 0; reason < drop_reasons; ++reason)
    now.lost += count_of(drop_reason{static_cast<std::uint8_t>(reason)});
  // acquire: pairs with the release in delivery::commit().
  now.written = written.load(std::memory_order_acquire);
  return now;
}

void report_unfinished(const flush_result& result, std::chrono::milliseconds limit,
                       std::chrono::steady_clock::duration waited) noexcept {
  if (result.complete || result.error != std::errc::timed_out || waited < limit) return;
  char line[160]; // not allocated: memory may be what is missing
  auto end = fmt::format_to_n(line, sizeof line, "weir: the log was not written within {} ms: {} records were, ",
                              limit.count(), result.written);
  const auto room = static_cast<std::size_t>(line + sizeof line - end.out);
  // In a short limit the backend may not even have looked what there is.
  end = result.pending_bytes == 0 ? fmt::format_to_n(end.out, room, "how much is queued is not known\n")
                                  : fmt::format_to_n(end.out, room, "{} bytes are queued\n", result.pending_bytes);
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line, static_cast<std::size_t>(end.out - line));
}

} // namespace detail

log_mark log_stream::mark() const noexcept { return core_->totals(); }

flush_result log_stream::wait_for(bool durable, std::chrono::milliseconds limit, const log_mark& since) {
  if (core_->on_backend_thread()) return detail::not_done(*core_, since, std::errc::resource_deadlock_would_occur);
  if (core_->in_forked_child()) return detail::not_done(*core_, since, std::errc::operation_not_supported);
  const auto caller = std::make_shared<detail::blocked_caller>(durable, since);
  if (!core_->flushes.add(caller)) return detail::not_done(*core_, since, std::errc::operation_canceled);
  core_->bell.ring();
  if (const auto answer = caller->wait_for(limit)) return *answer;
  core_->flushes.withdraw(caller);
  return detail::out_of_time(*core_, since);
}

flush_result log_stream::flush(std::chrono::milliseconds limit, const log_mark& since) {
  return wait_for(false, limit, since);
}

flush_result log_stream::sync(std::chrono::milliseconds limit, const log_mark& since) {
  return wait_for(true, limit, since);
}

void log_stream::async_sync(std::function<void(const flush_result&)> done, const log_mark& since) {
  if (!done) throw std::invalid_argument("async_sync: the function is empty");
  const bool alone = core_->in_forked_child();
  const auto caller = std::make_shared<detail::callback_caller>(true, since, std::move(done));
  if (!alone && core_->flushes.add(caller)) return core_->bell.ring();
  caller->answer(
      detail::not_done(*core_, since, alone ? std::errc::operation_not_supported : std::errc::operation_canceled));
}

flush_result log_stream::close(std::chrono::milliseconds limit) {
  if (core_->in_forked_child()) return detail::not_done(*core_, {}, std::errc::operation_not_supported);
  // release: pairs with the acquires in open_chunk(), publish_to_sleeper() and the backend.
  core_->asleep.store(detail::closing, std::memory_order_release);
  // release: pairs with the acquire in backend::overtake(). This caller's next record, for one, is refused.
  core_->stale_until.store(UINT64_MAX, std::memory_order_release);
  core_->pool.close();
  core_->bell.ring();
  if (core_->on_backend_thread()) // it cannot wait for itself
    return detail::not_done(*core_, {}, std::errc::resource_deadlock_would_occur);
  const auto last = core_->flushes.await_end(detail::addable(limit));
  if (!last) return detail::out_of_time(*core_, {});
  flush_result result = detail::result_since(*core_, {});
  result.complete = !last->flush;
  result.error = last->flush;
  if (!result.error && result.lost != 0) result.error = detail::loss_between({}, core_->totals(), last->loss);
  return result;
}

} // namespace weir
