// The context: a handle to a place in a tree of work, which says whether the work is still wanted.
#pragma once

#include "weir/context/cancel_cause.hpp"
#include "weir/context/context_error.hpp"
#include "weir/context/done_callback.hpp"
#include "weir/context/done_registration.hpp"
#include "weir/context/node.hpp"
#include "weir/context/value_node.hpp"
#include "weir/correlation.hpp"

#include <chrono>
#include <concepts>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace weir {

/// Whether a piece of work is still wanted, until when, for which request, and with which values, handed down the
/// call chain: Go's `context.Context` as a value type. A default-constructed one is the background: never done,
/// without deadline, values or ids.
///
/// Children are made by with_cancel(), with_deadline(), with_timeout(), with_value(), with_correlation() and
/// without_cancel(). Ending a context ends every context made from it, at once.
///
/// Thread safety: different handles to one context may be used from any number of threads; one handle is
/// thread-compatible, like a shared_ptr. Cost: a copy is one relaxed increment. Errors: nothing throws unless said.
class context {
 public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;
  using duration = clock::duration;

  /// The background.
  context() noexcept = default;

  /// Whether the work is no longer wanted. Once true, always true. Cost: one acquire load.
  bool done() const noexcept {
    const detail::done_flag* source = this->source();
    return source && source->done();
  }

  /// Whether anything can ever end this context.
  bool can_be_done() const noexcept { return source() != nullptr; }

  /// Empty while not done; then context_errc::deadline_exceeded if a deadline of this context or an ancestor passed,
  /// else context_errc::canceled. Never changes once set.
  std::error_code error() const noexcept;

  /// cancel_reason::none while not done; then why. Never changes once set.
  cancel_reason reason() const noexcept;

  /// All that is known about why. While not done: reason none and no error. Throws std::bad_alloc if the text cannot
  /// be copied.
  cancel_cause cause() const;

  /// When this context will be done at the latest, its own deadline or an ancestor's, whichever is earlier.
  std::optional<time_point> deadline() const noexcept;

  /// The value given by the nearest with_value<Key>(), or nullptr. It lives as long as any handle to this context.
  /// Cost: one step for each with_value between.
  template <context_key Key>
  const typename Key::value_type* value() const noexcept {
    const auto* found = node_ ? detail::find_value(node_->values(), &detail::key_identity<Key>) : nullptr;
    return found ? &static_cast<const detail::typed_value_node<Key>*>(found)->value() : nullptr;
  }

  /// The ids given by the nearest with_correlation(), or nullptr. They live as long as any handle to this context.
  const correlation* ids() const noexcept { return node_ ? node_->ids() : nullptr; }

  /// Calls `callback()` once, when the context ends: on the thread that ends it (the canceller's, or the library's
  /// timer thread for a deadline), outside of any lock and in order of registration; if it has already ended, at once
  /// on this thread. Every descendant is done by then. Anything may be done in it, except blocking for long: that
  /// delays whoever cancels, and on the timer thread every other deadline. What it throws is reported
  /// (report_task_failure()). Returns the handle that keeps it registered. Errors: throws std::bad_alloc, or what
  /// copying the callback throws; nothing is registered then. Cost: one allocation and one lock.
  template <typename Function>
  requires std::invocable < std::decay_t<Function>
  & > done_registration on_done(Function&& callback) const {
    const detail::done_flag* source = this->source();
    if (!source) return {};
    using stored = std::decay_t<Function>;
    if (source->settled()) {
      stored function(std::forward<Function>(callback));
      const detail::node_ptr kept = node_; // the callback may drop or change this handle
      detail::run_reporting(function, *kept.get());
      return {};
    }
    return register_callback(new detail::typed_callback<stored>(std::in_place, std::forward<Function>(callback)));
  }

  /// Blocks until the context is done; whoever ends it wakes this thread before any callback runs. Returns true; or
  /// false, at once, if nothing can ever end this context.
  bool wait() const;

  /// Blocks until the context is done or `limit` has come. Returns whether it is done. Also a sleep that a cancel
  /// cuts short: for a context that nothing can end it sleeps the time out.
  bool wait_until(time_point limit) const;

  /// As wait_until(), from now on; a negative `limit` is zero.
  bool wait_for(duration limit) const;

  /// Whether both are handles to the same context.
  friend bool operator==(const context&, const context&) noexcept = default;

 private:
  friend struct detail::context_access;
  explicit context(detail::node_ptr node) noexcept : node_(std::move(node)) {}

  detail::done_flag* source() const noexcept { return node_ ? node_->source() : nullptr; }
  done_registration register_callback(detail::done_callback* callback) const noexcept;

  detail::node_ptr node_;
};

/// The root of every tree: never done, without deadline, values or ids.
inline context background() noexcept { return {}; }

namespace detail {

/// The way from handles to nodes for the functions that make contexts.
struct context_access {
  static node* get(const context& from) noexcept { return from.node_.get(); }
  static context make(node_ptr node) noexcept { return context(std::move(node)); }
  /// context::on_done() for a callback that its maker has, and keeps a reference to.
  static done_registration on_done(const context& of, done_callback& callback) noexcept {
    if (!of.source()) return {};
    callback.add_references(done_callback::registered);
    return of.register_callback(&callback);
  }
};

} // namespace detail
} // namespace weir
