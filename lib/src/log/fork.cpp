#include "log/fork.hpp"

#include "log/stream_core.hpp"

#include <pthread.h>

#include <atomic>

namespace weir::detail {

namespace {

// All without constructors and destructors: streams begin before main and end after all static objects.
constinit std::mutex process_log;
constinit std::mutex live_streams; // taken after process_log and before those of a stream
constinit fork_guard* live = nullptr;
constinit std::atomic<std::uint32_t> forks{0};

} // namespace

/// What a child may want of its parent's streams is get_logger() and stats(); and it may make streams of its own. The
/// locks of these are held across the fork, or another thread's would stay locked in the child for ever.
struct fork_handlers {
  static void prepare() noexcept {
    process_log.lock();
    live_streams.lock();
    for (fork_guard* each = live; each != nullptr; each = each->next_) {
      each->core_.registry.mutex.lock();
      each->core_.blocked.lock();
      each->core_.pool.lock();
      if (each->core_.recorder) each->core_.recorder->lock();
    }
    lock_tapes();
  }
  static void parent() noexcept {
    unlock_tapes();
    for (fork_guard* each = live; each != nullptr; each = each->next_) {
      if (each->core_.recorder) each->core_.recorder->unlock();
      each->core_.pool.unlock();
      each->core_.blocked.unlock();
      each->core_.registry.mutex.unlock();
    }
    live_streams.unlock();
    process_log.unlock();
  }
  static void child() noexcept {
    // relaxed: the child has one thread.
    forks.fetch_add(1, std::memory_order_relaxed);
    for (fork_guard* each = live; each != nullptr; each = each->next_) each->core_.end_in_child();
    let_go_of_tapes();
    parent();
  }
};

namespace {
/// Before main, so that no other thread forks meanwhile. Without memory for it, forks are as they would be without
/// it.
[[gnu::constructor(101)]] void register_fork_handlers() noexcept {
  ::pthread_atfork(fork_handlers::prepare, fork_handlers::parent, fork_handlers::child);
}
} // namespace

// relaxed: it changes while there is one thread.
std::uint32_t fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

std::mutex& process_log_mutex() noexcept { return process_log; }
std::mutex& fork_guard::live_mutex() noexcept { return live_streams; }
fork_guard* fork_guard::first() noexcept { return live; }

fork_guard::fork_guard(stream_core& core) noexcept : core_(core) {
  const std::lock_guard lock(live_streams);
  next_ = live;
  if (next_ != nullptr) next_->previous_ = this;
  live = this;
}

fork_guard::~fork_guard() {
  const std::lock_guard lock(live_streams);
  (previous_ == nullptr ? live : previous_->next_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

} // namespace weir::detail
