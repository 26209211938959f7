// A node of the tree that can end, and the cascade that ends all below it.
#pragma once

#include <chrono>

#include <weir/context/done_callback.hpp>
#include <weir/context/node.hpp>

#include "done_cause.hpp"
#include "hook_list.hpp"
#include "small_mutex.hpp"

namespace weir::detail {

/// Ending a node goes through three steps, and user code runs in the last one only:
///
///     mark      this node, then every descendant: cause stored, phase live -> marking (or settled, without children);
///               marked nodes collect in a list private to the cascade
///     settle    timers stopped, phase marking -> settled; the first node leaves its owner
///     tell      the callbacks run, parents' first
///
/// A second cancel that finds `marking` waits for `settled`, as "when cancel returns, every descendant is done" holds
/// for it too. A cascade that meets a node another cascade is marking waits likewise; since that node is a strict
/// descendant of where this cascade began, waiting only ever goes down the tree and cannot form a circle.
///
/// Locks: a node's lock protects its cause, the step from `live`, and the lists of its children, callbacks and waiters;
/// a node's place among its siblings belongs to the lock of the owner, the next cancellable node above. No thread ever
/// holds two nodes' locks, nor runs user code under one.
class cancel_node : public node, public done_flag, public list_hook {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `time_point::max()` stands for no deadline.
  cancel_node(node* parent, time_point deadline) noexcept;

  /// The nearest cancellable node above `from` or itself, or null.
  static cancel_node* above(const node* from) noexcept {
    return from && from->source() ? static_cast<cancel_node*>(from->source()) : nullptr;
  }

  /// Makes the node a child of its owner: the second half of its construction, once a reference keeps it alive. If the
  /// owner is done it ends the node instead.
  void join_owner() noexcept;

  /// Ends this node and all below it; when it returns they are done. The caller holds a reference, which the callbacks
  /// may drop.
  void cancel(const done_cause& cause) noexcept;

  /// Only of a node that is done.
  const done_cause& cause() const noexcept { return x_cause; }
  time_point deadline() const noexcept { return x_deadline; }

  /// Takes `callback` in, unless the node is done: then returns false.
  bool add(done_callback& callback) noexcept;
  /// Takes `callback` out; false if it has been taken out to be run.
  bool remove(done_callback& callback) noexcept;

  /// Blocks until done, or until `*limit` if there is one.
  bool wait(const time_point* limit);

protected:
  ~cancel_node() override;

private:
  struct waiter;

  virtual void stop_timer() noexcept {}

  bool mark(const done_cause& cause, hook_list& reached) noexcept;
  void settle() noexcept;
  void await_settled() noexcept;
  void leave_owner() noexcept;
  void run_callbacks() noexcept;

  const time_point x_deadline;
  cancel_node* const x_owner;

  small_mutex x_lock;
  // Under x_owner's lock: whether the hook is in x_owner's list.
  bool x_listed = false;
  // Of the cascade that took this node out of x_owner's list, as is the hook from then on.
  bool x_marked_by_cascade = false;
  // Under x_lock.
  bool x_has_callbacks = false;
  done_cause x_cause;
  hook_list x_children;
  hook_list x_callbacks;
  hook_list x_waiters;
};

}  // namespace weir::detail
