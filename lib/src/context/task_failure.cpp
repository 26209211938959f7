#include "weir/context/task_failure.hpp"

#include "context/default_failure_handler.hpp"
#include "context/immortal.hpp"

#include <pthread.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

namespace weir {

namespace {

constinit std::atomic<std::uint64_t> failures{0};

/// Work may fail before main and after all static objects have gone.
struct handler_slot {
  std::mutex mutex;
  std::shared_ptr<const task_failure_handler> handler; // null: the default
};
constinit detail::immortal<handler_slot> place_of_handler;
handler_slot& slot() noexcept { return place_of_handler.object; }

/// Another thread's lock would stay locked in a forked child for ever. Before main and whatever it registers, so that
/// this one is the last to be taken.
[[gnu::constructor(101)]] void register_fork_handlers() noexcept {
  ::pthread_atfork([] { slot().mutex.lock(); }, [] { slot().mutex.unlock(); }, [] { slot().mutex.unlock(); });
}

std::shared_ptr<const task_failure_handler> current_handler() noexcept {
  handler_slot& place = slot();
  const std::lock_guard hold(place.mutex);
  return place.handler;
}

} // namespace

void set_task_failure_handler(task_failure_handler handler) {
  auto kept = handler ? std::make_shared<const task_failure_handler>(std::move(handler)) : nullptr;
  handler_slot& place = slot();
  const std::lock_guard hold(place.mutex);
  place.handler.swap(kept); // the previous one goes after the lock: it may be anything
}

void report_task_failure(const context& ctx, std::string_view task, std::exception_ptr error) noexcept {
  if (!error) return;
  // relaxed: a counter.
  failures.fetch_add(1, std::memory_order_relaxed);
  const task_failure failure{ctx, task, std::move(error)};
  try {
    if (const auto handler = current_handler())
      (*handler)(failure);
    else
      detail::log_to_process_log(failure);
  } catch (...) {
    // It is counted, and there is nobody left to tell.
  }
}

std::uint64_t task_failures() noexcept {
  // relaxed: a counter.
  return failures.load(std::memory_order_relaxed);
}

std::error_code error_code_of(const std::exception_ptr& error) noexcept {
  if (!error) return {};
  try {
    std::rethrow_exception(error);
  } catch (const std::system_error& thrown) {
    return thrown.code();
  } catch (const std::future_error& thrown) {
    return thrown.code();
  } catch (...) {
    return {};
  }
}

bool ended_with(const context& ctx, const std::exception_ptr& error) noexcept {
  return ctx.done() && ended_with(ctx, error_code_of(error));
}

bool ended_with(const context& ctx, const std::error_code& code) noexcept {
  return code && ctx.done() && (code == ctx.error() || code == std::errc::operation_canceled);
}

} // namespace weir
