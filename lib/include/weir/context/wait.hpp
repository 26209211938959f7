// Waiting on a condition variable for as long as the work is wanted.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/done_registration.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace weir {

namespace detail {

/// Wakes those who wait on a condition variable when a context ends, and lets its user tell when it no longer touches
/// that and the mutex, which are the user's.
class done_wakeup {
 public:
  /// Not under `mutex`: it may be taken in here.
  done_wakeup(const context& ctx, std::condition_variable& changed, std::mutex& mutex);
  done_wakeup(const done_wakeup&) = delete;
  done_wakeup& operator=(const done_wakeup&) = delete;

  /// Ends it in its destructor, under the mutex, which is free for a while if the callback is just running.
  class end {
   public:
    end(done_wakeup& of, std::unique_lock<std::mutex>& hold) noexcept : of_(of), hold_(hold) {}
    end(const end&) = delete;
    end& operator=(const end&) = delete;
    ~end() {
      if (of_.registration_.stop() || of_.ended_ == nullptr) return;
      hold_.unlock();
      of_.await_end();
      hold_.lock();
    }

   private:
    done_wakeup& of_;
    std::unique_lock<std::mutex>& hold_;
  };

 private:
  void await_end() const noexcept;

  std::shared_ptr<std::atomic<bool>> ended_; // null if nothing can end the context
  done_registration registration_;
};

/// Leaves a mutex free while it lives.
class released {
 public:
  explicit released(std::unique_lock<std::mutex>& hold) : hold_(hold) { hold_.unlock(); }
  released(const released&) = delete;
  released& operator=(const released&) = delete;
  ~released() { hold_.lock(); }

 private:
  std::unique_lock<std::mutex>& hold_;
};

template <typename Wait, typename Predicate>
bool wait_under(const context& ctx, std::condition_variable& changed, std::unique_lock<std::mutex>& hold, Wait wait,
                Predicate& ready) {
  if (ready()) return true;
  std::optional<done_wakeup> wakeup;
  {
    const released free(hold);
    wakeup.emplace(ctx, changed, *hold.mutex());
  }
  {
    const done_wakeup::end at_end(*wakeup, hold);
    while (!ready() && !ctx.done() && wait() == std::cv_status::no_timeout) {
    }
  }
  return ready(); // the mutex may have been free meanwhile
}

} // namespace detail

/// Blocks until `ready()` holds or `ctx` is done: std::condition_variable::wait() that a cancel cuts short. The end
/// of the context is not missed, whenever it comes. Returns ready(), asked last under the lock; so true also if it
/// holds although the context has ended. `hold`: holds the mutex that goes with `changed`, before, during each
/// ready(), and after. It is released in between, at the beginning too. Whoever ends `ctx` takes that mutex for a
/// moment, so must not hold it. Errors: throws what ready() throws, and std::bad_alloc.
/// Thread safety: as std::condition_variable's. Lifetime: nothing refers to the arguments any more
/// when it returns. Cost: if it has to wait, two allocations and a callback on the context.
template <typename Predicate>
bool wait(const context& ctx, std::condition_variable& changed, std::unique_lock<std::mutex>& hold, Predicate ready) {
  const auto once = [&] {
    changed.wait(hold);
    return std::cv_status::no_timeout;
  };
  return detail::wait_under(ctx, changed, hold, once, ready);
}

/// As wait(), but not longer than until `limit`.
template <typename Predicate>
bool wait_until(const context& ctx, std::condition_variable& changed, std::unique_lock<std::mutex>& hold,
                context::time_point limit, Predicate ready) {
  const auto once = [&] { return changed.wait_until(hold, limit); };
  return detail::wait_under(ctx, changed, hold, once, ready);
}

} // namespace weir
