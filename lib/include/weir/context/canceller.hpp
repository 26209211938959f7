// The means to end a context: kept by the one who made it, apart from the context that is handed out.
#pragma once

#include "weir/context/cancel_cause.hpp"
#include "weir/context/node.hpp"

#include <utility>

namespace weir::detail {
struct cancellable_access;
}

namespace weir {

/// Ends a context when called. Calling it again, on whichever thread, does nothing: the first cause stays for ever.
/// When the call returns the context and all its descendants are done; the work itself may still be running. It runs
/// the callbacks of the contexts it ended. An empty one (default-constructed or moved from) does nothing.
///
/// Copies end the same context; dropping one ends nothing. Thread safety: the calls are thread-safe; assignment and
/// moving are thread-compatible. Lifetime: keeps the context's state alive.
/// Cost: two locks, three with a deadline, plus callbacks and descendants; allocates only to keep an error or a text.
class cancel_function {
 public:
  cancel_function() noexcept = default;

  /// Ends the context: reason application, error context_errc::canceled.
  void operator()() const noexcept { (*this)(cancel_reason::application); }
  /// Ends the context for this reason; `none` counts as application.
  void operator()(cancel_reason reason) const noexcept {
    if (!is_over()) end(reason);
  }
  /// Ends the context for this cause. Should memory run out, the reason is kept and the error and text are lost.
  void operator()(cancel_cause cause) const noexcept;

  explicit operator bool() const noexcept { return static_cast<bool>(node_); }

 private:
  friend class canceller;
  friend struct detail::cancellable_access;
  explicit cancel_function(detail::node_ptr node) noexcept : node_(std::move(node)) {}

  /// Whether there is nothing left to be ended; true of an empty one.
  bool is_over() const noexcept { return !node_ || node_->source()->settled(); }
  void end(cancel_reason reason) const noexcept;

  detail::node_ptr node_; // of a node that can be done
};

/// The canceller that with_cancel() and the like return: a cancel_function that has one owner and that also ends the
/// context when destroyed, so that leaving the scope in any way leaves no work behind.
///
/// It may be destroyed by a callback of the very context it is ending.
class [[nodiscard]] canceller {
 public:
  canceller() noexcept = default;
  canceller(canceller&&) noexcept = default;
  /// Takes over the other's context, then ends the one it was for.
  canceller& operator=(canceller&& other) noexcept {
    // In this order, as callbacks may assign to this canceller again, or destroy it.
    canceller before(std::move(other));
    std::swap(function_, before.function_);
    return *this;
  }
  ~canceller() { function_(); }

  void operator()() const noexcept { function_(); }
  void operator()(cancel_reason reason) const noexcept { function_(reason); }
  void operator()(cancel_cause cause) const noexcept { function_(std::move(cause)); }

  /// Gives up the right to end the context and becomes empty. The context then ends with its parent, by its deadline,
  /// or through a function that share() gave.
  void release() noexcept { function_ = {}; }

  /// A function that ends the same context, to be given to others; whether it lives or dies has no effect.
  cancel_function share() const noexcept { return function_; }

  explicit operator bool() const noexcept { return static_cast<bool>(function_); }

 private:
  friend struct detail::cancellable_access;
  explicit canceller(detail::node_ptr node) noexcept : function_(std::move(node)) {}

  cancel_function function_;
};

} // namespace weir
