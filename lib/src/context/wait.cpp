#include "weir/context/wait.hpp"

namespace weir::detail {

done_wakeup::done_wakeup(const context& ctx, std::condition_variable& changed, std::mutex& mutex)
    : ended_(ctx.can_be_done() ? std::make_shared<std::atomic<bool>>(false) : nullptr),
      registration_(ctx.on_done([ended = ended_, &changed, &mutex] {
        {
          // Whoever has found the context live under this mutex is waiting by the time it is free.
          const std::lock_guard hold(mutex);
          changed.notify_all();
        }
        // release: pairs with the acquire in await_end(); the mutex and the condition are not touched any more.
        ended->store(true, std::memory_order_release);
        ended->notify_all();
      })) {}

void done_wakeup::await_end() const noexcept {
  // acquire: pairs with the release above. Woken by the callback, which runs no user code.
  while (!ended_->load(std::memory_order_acquire)) {
    // acquire: as above.
    ended_->wait(false, std::memory_order_acquire);
  }
}

} // namespace weir::detail
