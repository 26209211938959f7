// A node of the tree that can end, and the cascade that ends all below it.
#pragma once

#include "done_cause.hpp"
#include "hook_list.hpp"
#include "weir/context/done_callback.hpp"
#include "weir/context/node.hpp"
#include "weir/context/small_mutex.hpp"
#include "weir/context/with_cancel.hpp"

#include <chrono>

namespace weir::detail {

/// Ending a node goes through three steps, and user code runs in the last one only:
///
///     mark      this node, then every descendant: cause stored, phase live -> marking (or settled, without
///               children); marked nodes collect in a list private to the cascade, but for those that are done with
///               by this: leaves without callback and timer
///     settle    timers stopped, phase marking -> settled if it is not that already; the first node leaves its owner
///     tell      the callbacks run, parents' first
///
/// A node that only its maker holds may begin again: see renew().
///
/// A second cancel that finds `marking` waits for `settled`, as "when cancel returns, every descendant is done" holds
/// for it too. A cascade that meets a node another cascade is marking waits likewise; since that node is a strict
/// descendant of where this cascade began, waiting only ever goes down the tree and cannot form a circle.
///
/// Locks: a node's lock protects its cause, the step from `live`, and the lists of its children, callbacks and
/// waiters; a node's place among its siblings belongs to the lock of the owner, the next cancellable node above. Who
/// holds a node's lock may take that of a child in its list, and no other. No user code runs under one.
///
/// A leaf is marked under its owner's lock, without a reference of the cascade's: whoever drops the last one finds it
/// live, and waits for its owner's lock to leave the list, or done, and waits for its own to be free.
class cancel_node : public node, public done_flag, public list_hook {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// How many references it is born with: one for the context, one for the canceller.
  static constexpr std::uint32_t handles = 2;

  /// `time_point::max()` stands for no deadline. `has_timer`: there is something for stop_timer() to do.
  cancel_node(node* parent, time_point deadline, bool has_timer = false) noexcept;

  /// The nearest cancellable node above `from` or itself, or null.
  static cancel_node* above(const node* from) noexcept {
    return from && from->source() ? static_cast<cancel_node*>(from->source()) : nullptr;
  }

  /// Makes the node a child of its owner: the second half of its construction, once a reference keeps it alive. If
  /// the owner is done it ends the node instead.
  void join_owner() noexcept;

  /// Ends this node and all below it; when it returns they are done. The caller holds a reference, which the
  /// callbacks may drop.
  void cancel(const done_cause& cause) noexcept;

  /// Whether nobody could tell if this node ended: the caller's two handles are all there are, and nothing waits.
  bool is_unobserved() const noexcept;

  /// Has a node that is unobserved begin anew, with `ids` and `limit`; false if it cannot. May throw what
  /// timer_thread::start() throws; it has begun then, without a timer.
  virtual bool renew(const node* /*parent*/, const correlation& /*ids*/, const context_limit& /*limit*/) {
    return false;
  }
  /// Nothing ends it by itself any more: for who knows that nobody could tell, and is going to renew() it.
  virtual void rest() noexcept {}

  /// Only of a node that is done.
  const done_cause& cause() const noexcept { return cause_; }
  time_point deadline() const noexcept { return deadline_; }

  /// Takes `callback` in, unless the node is done: then returns false, when all below it is done, too.
  bool add(done_callback& callback) noexcept;
  /// Takes `callback` out; false if it has been taken out to be run.
  bool remove(done_callback& callback) noexcept;

  /// Blocks until done, or until `*limit` if there is one.
  bool wait(const time_point* limit);

 protected:
  ~cancel_node() override;

  enum class renewal : std::uint8_t { impossible, to_be_joined, joined };
  /// Makes a node that is unobserved what it was when it was made. If it has ended it has left its owner:
  /// join_owner() is to follow.
  renewal revive(const node* parent) noexcept;
  /// Of a node that renew() is at: nobody reads it meanwhile.
  void set_deadline(time_point deadline) noexcept { deadline_ = deadline; }

 private:
  struct waiter;
  struct waiting;

  virtual void stop_timer() noexcept {}

  bool mark(const done_cause& cause, hook_list& reached) noexcept;
  bool mark_leaf(const done_cause& cause) noexcept;
  void store_mark(const done_cause& cause) noexcept;
  void wake_waiters() noexcept;
  static bool mark_below(const done_cause& cause, hook_list& reached) noexcept;
  static void settle_below(hook_list& reached) noexcept;
  static void tell_below(hook_list& reached) noexcept;
  // relaxed: asked by the cascade that stored `marking`, and only that goes on from there.
  bool is_marking() const noexcept { return phase_.load(std::memory_order_relaxed) == done_phase::marking; }
  void settle() noexcept;
  void await_settled() noexcept;
  void leave_owner() noexcept;
  void run_callbacks() noexcept;

  time_point deadline_; // constant, but for renew()

  small_mutex lock_;
  const bool has_timer_;
  // Under the owner's lock: whether the hook is in the owner's list.
  bool listed_ = false;
  // Of the cascade that took this node out of the owner's list, as is the hook from then on.
  bool marked_by_cascade_ = false;
  // Under lock_.
  bool has_callbacks_ = false;
  done_cause cause_;
  hook_list children_;
  hook_list callbacks_;
  hook_list waiters_;
};

} // namespace weir::detail
