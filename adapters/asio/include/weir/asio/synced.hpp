// Awaiting that log records are on the disk.
#pragma once

#include "weir/asio/sleep.hpp"
#include "weir/context/context.hpp"
#include "weir/context/with_cancel.hpp"
#include "weir/log/stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <memory>
#include <system_error>
#include <utility>

namespace weir::detail {

/// What the stream's backend leaves for the operation, which may be gone by then.
struct sync_answer {
  flush_result result;
  std::atomic<bool> given{false};
};

/// The composed operation: the sync's end is that of a context of its own, which async_done() waits for.
class sync_operation {
 public:
  sync_operation(context ctx, log_stream& stream, const log_mark& since) noexcept
      : ctx_(std::move(ctx)), stream_(&stream), since_(since), answer_(std::make_shared<sync_answer>()) {}

  template <typename Self>
  void operator()(Self& self) {
    self.reset_cancellation_state(boost::asio::enable_total_cancellation());
    cancellable until_synced = with_cancel(ctx_);
    const context synced = until_synced.ctx;
    stream_->async_sync(
        [answer = answer_, end = until_synced.cancel.share()](const flush_result& result) {
          answer->result = result;
          // release: pairs with the acquire below.
          answer->given.store(true, std::memory_order_release);
          end();
        },
        since_);
    until_synced.cancel.release();
    async_done(synced, std::move(self));
  }

  template <typename Self>
  void operator()(Self& self, std::error_code error) {
    flush_result result;
    // acquire: pairs with the release above; `ctx`, too, may be what has ended the wait.
    if (answer_->given.load(std::memory_order_acquire)) {
      result = answer_->result;
    } else {
      result.error = ctx_.done() ? ctx_.error() : error;
    }
    self.complete(result);
  }

 private:
  context ctx_;
  log_stream* stream_;
  log_mark since_;
  std::shared_ptr<sync_answer> answer_;
};

} // namespace weir::detail

namespace weir {

/// Waits, asynchronously, until everything that was logged to `stream` before the call is on the disk, or `ctx` ends.
/// All who wait at a time share one sync; see log_stream::sync() for `since` and the result.
/// Completion signature: void(weir::flush_result). If `ctx` ended first, it is not complete and has the context's
/// error; if the operation was cancelled through its own cancellation slot (any type), std::errc::operation_canceled.
/// The sync itself goes on.
/// Completes through the handler's associated executor, never within this call. Errors: throws std::bad_alloc.
/// Lifetime: `stream` has to live until the call returns; closing it completes the operation.
/// Cost: that of async_sync() and of async_done(): five allocations, and no thread that waits.
template <typename CompletionToken>
auto async_synced(context ctx, log_stream& stream, const log_mark& since, CompletionToken&& token) {
  return boost::asio::async_compose<CompletionToken, void(flush_result)>(
      detail::sync_operation(std::move(ctx), stream, since), token);
}

/// async_synced() for coroutines:
///
///     const weir::log_mark before = stream.mark();
///     WEIR_INFO(audit, "{} pays {}", payer, amount);
///     const weir::flush_result stored = co_await weir::synced(ctx, stream, before);
inline boost::asio::awaitable<flush_result> synced(context ctx, log_stream& stream, log_mark since = {}) {
  return async_synced(std::move(ctx), stream, since, boost::asio::use_awaitable);
}

} // namespace weir
