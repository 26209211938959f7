#include "cancel_node.hpp"

#include <condition_variable>
#include <mutex>

namespace weir::detail {

/// A blocked thread. It has a mutex and a condition of its own, so that nodes need not carry them.
struct cancel_node::waiter : list_hook {
  std::mutex mutex;
  std::condition_variable wake;
  bool woken = false;
};

cancel_node::cancel_node(node* parent, time_point deadline, bool has_timer) noexcept
    : node(parent, handles, true), deadline_(deadline), has_timer_(has_timer) {
  source_ = this;
}

bool cancel_node::is_unobserved() const noexcept {
  // Without the lock: children would hold a reference, whoever added or removed a callback had one, and a cascade
  // from above does not touch lists that are empty. One that has just taken the last callback out has ended the node
  // before, which whoever finds the list empty then sees.
  return is_held_by(handles) && callbacks_.empty() && waiters_.empty();
}

cancel_node::renewal cancel_node::revive(const node* parent) noexcept {
  if (this->parent() != parent) return renewal::impossible;
  // The phase first. Whoever ended the node took it out of its owner's list, and held a reference or its lock
  // meanwhile: if it is unobserved after that, nobody else can get there. One that is live may be ended by its owner
  // at any time, now as well.
  // acquire: pairs with the release in store_mark(), whose lock is then seen to be held below.
  const done_phase seen = phase_.load(std::memory_order_acquire);
  if (!is_unobserved() || seen == done_phase::marking) return renewal::impossible;
  if (seen == done_phase::live) {
    // Again: it may have been ended meanwhile by one who has dropped his reference since. And its owner: if that has
    // ended, its cascade is yet to come here, and nobody is to be given a live child of it.
    const cancel_node* const owner = above(parent);
    return done() || (owner != nullptr && owner->done()) ? renewal::impossible : renewal::joined;
  }
  lock_.await_unlocked(); // by who marked it
  cause_ = {};
  // relaxed: join_owner() publishes the node anew.
  phase_.store(done_phase::live, std::memory_order_relaxed);
  return renewal::to_be_joined;
}

cancel_node::~cancel_node() {
  // acquire: pairs with the release in store_mark(), whose lock is then seen to be held below. A node that is done
  // left its owner then, and handed its callbacks to its canceller.
  if (phase_.load(std::memory_order_acquire) != done_phase::live) {
    lock_.await_unlocked(); // by who marked it
    return;
  }
  leave_owner();
  while (!callbacks_.empty()) {
    auto& callback = static_cast<done_callback&>(*callbacks_.first());
    callbacks_.remove(callback);
    callback.discard();
    callback.release();
  }
}

void cancel_node::join_owner() noexcept {
  cancel_node* const owner = above(parent());
  if (!owner) return;
  {
    const std::lock_guard hold(owner->lock_);
    if (!owner->done()) {
      owner->children_.push_back(*this);
      listed_ = true;
      return;
    }
  }
  cancel(owner->cause_);
}

void cancel_node::leave_owner() noexcept {
  cancel_node* const owner = above(parent());
  if (!owner) return;
  const std::lock_guard hold(owner->lock_);
  if (!listed_) return;
  owner->children_.remove(*this);
  listed_ = false;
}

/// Under lock_, of a node that is live.
void cancel_node::store_mark(const done_cause& cause) noexcept {
  cause_ = cause;
  has_callbacks_ = !callbacks_.empty();
  // release: pairs with the acquire in done_flag::done(); publishes the cause.
  phase_.store(children_.empty() ? done_phase::settled : done_phase::marking, std::memory_order_release);
  if (!waiters_.empty()) wake_waiters();
}

/// Under lock_.
void cancel_node::wake_waiters() noexcept {
  while (!waiters_.empty()) {
    auto& blocked = static_cast<waiter&>(*waiters_.first());
    waiters_.remove(blocked);
    const std::lock_guard hold_waiter(blocked.mutex);
    blocked.woken = true;
    blocked.wake.notify_one();
  }
}

/// Under the owner's lock, whose list it has left. False if there is more to be done with this node.
bool cancel_node::mark_leaf(const done_cause& cause) noexcept {
  if (has_timer_) return false;
  const std::lock_guard hold(lock_);
  if (!children_.empty() || !callbacks_.empty()) return false;
  // relaxed: the step from `live` is made under lock_ only.
  if (phase_.load(std::memory_order_relaxed) == done_phase::live) store_mark(cause);
  // One that another cascade is still marking is to be waited for.
  // acquire: pairs with the release in settle(); the marks of all below it come before this cancel's return.
  return phase_.load(std::memory_order_acquire) != done_phase::marking;
}

bool cancel_node::mark(const done_cause& cause, hook_list& reached) noexcept {
  const std::lock_guard hold(lock_);
  // relaxed: the step from `live` is made under lock_ only.
  if (phase_.load(std::memory_order_relaxed) != done_phase::live) return false;
  store_mark(cause);
  children_.drain([&](list_hook& hook) {
    auto& child = static_cast<cancel_node&>(hook);
    child.listed_ = false;
    // A child that is being destroyed waits for lock_ in leave_owner(), so it is still there to be asked.
    if (!child.mark_leaf(cause) && child.try_add_reference()) reached.push_back(child);
  });
  return true;
}

void cancel_node::settle() noexcept {
  if (!is_marking()) return;
  // release: pairs with the acquire in await_settled(); publishes the marks of all descendants.
  phase_.store(done_phase::settled, std::memory_order_release);
  phase_.notify_all();
}

void cancel_node::await_settled() noexcept {
  // acquire: pairs with the release in settle(). Woken by settle(), which follows the mark without running user code.
  while (phase_.load(std::memory_order_acquire) == done_phase::marking) {
    // acquire: as above.
    phase_.wait(done_phase::marking, std::memory_order_acquire);
  }
}

void cancel_node::cancel(const done_cause& cause) noexcept {
  // acquire: pairs with the release in mark() and settle(); the caller is to see the marks of all descendants.
  if (phase_.load(std::memory_order_acquire) == done_phase::settled) return;
  hook_list reached; // each with a reference that mark() took
  if (!mark(cause, reached)) {
    await_settled();
    return;
  }
  const bool below_settled = reached.empty() || mark_below(cause, reached);
  if (has_timer_) stop_timer();
  settle();
  // Not before: a cascade from above must find this node and wait for it as long as something below may be live.
  leave_owner();
  if (!below_settled) settle_below(reached);
  if (has_callbacks_) {
    // The caller's own reference may be what a callback drops.
    const node_ptr keep = node_ptr::share(this);
    run_callbacks();
  }
  if (!reached.empty()) tell_below(reached);
}

/// Whether all of them are settled by that, and need no second visit.
bool cancel_node::mark_below(const done_cause& cause, hook_list& reached) noexcept {
  bool all_settled = true;
  reached.for_each([&](list_hook& hook) {
    auto& below = static_cast<cancel_node&>(hook);
    below.marked_by_cascade_ = below.mark(cause, reached);
    if (below.marked_by_cascade_)
      all_settled = all_settled && !below.is_marking() && !below.has_timer_;
    else
      below.await_settled();
  });
  return all_settled;
}

void cancel_node::settle_below(hook_list& reached) noexcept {
  reached.for_each([](list_hook& hook) {
    auto& below = static_cast<cancel_node&>(hook);
    if (!below.marked_by_cascade_) return;
    below.stop_timer();
    below.settle();
  });
}

void cancel_node::tell_below(hook_list& reached) noexcept {
  reached.drain([](list_hook& hook) {
    auto& below = static_cast<cancel_node&>(hook);
    if (below.marked_by_cascade_ && below.has_callbacks_) below.run_callbacks();
    below.release();
  });
}

void cancel_node::run_callbacks() noexcept {
  // One at a time, so that any of those still waiting can be stopped by the one that runs.
  for (;;) {
    done_callback* callback = nullptr;
    {
      const std::lock_guard hold(lock_);
      if (callbacks_.empty()) return;
      callback = static_cast<done_callback*>(callbacks_.first());
      callbacks_.remove(*callback);
    }
    callback->run(*this);
    callback->release();
  }
}

bool cancel_node::add(done_callback& callback) noexcept {
  {
    const std::lock_guard hold(lock_);
    if (!done()) {
      callbacks_.push_back(callback);
      return true;
    }
  }
  await_settled();
  return false;
}

bool cancel_node::remove(done_callback& callback) noexcept {
  const std::lock_guard hold(lock_);
  if (!callback.next) return false;
  callbacks_.remove(callback);
  return true;
}

/// Takes itself off again: when the wait is over, and when its thread is cancelled meanwhile (pthread_cancel(3)).
struct cancel_node::waiting {
  ~waiting() {
    // Whoever wakes holds lock_: once this has it too, nobody touches `self` any more.
    const std::lock_guard hold(at.lock_);
    if (self.next) at.waiters_.remove(self);
  }
  cancel_node& at;
  waiter self{};
};

bool cancel_node::wait(const time_point* limit) {
  waiting here{*this};
  waiter& self = here.self;
  {
    const std::lock_guard hold(lock_);
    if (done()) return true;
    waiters_.push_back(self);
  }
  {
    // Woken by wake_waiters(), on whichever thread ends this node.
    std::unique_lock hold(self.mutex);
    if (limit)
      self.wake.wait_until(hold, *limit, [&self] { return self.woken; });
    else
      self.wake.wait(hold, [&self] { return self.woken; });
  }
  return done();
}

} // namespace weir::detail
