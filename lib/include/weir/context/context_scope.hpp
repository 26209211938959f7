// The current context of a thread: what code that was not handed a context works for, and what the log stamps.
#pragma once

#include "weir/context/context.hpp"
#include "weir/correlation.hpp"

namespace weir::detail {

/// One level of "this thread now works for". The context is held by address, not by reference count: whoever opens a
/// level keeps it alive, and ambient_slot may exchange it in place.
struct ambient_frame {
  const context* context_;
  ambient_frame* below_;
  const correlation* saved_;
};

/// The innermost level of this thread, or null.
inline constinit thread_local ambient_frame* ambient_top = nullptr;

inline void push_ambient(ambient_frame& frame) noexcept {
  frame.below_ = ambient_top;
  frame.saved_ = current_correlation;
  // The scopes' destructors take it away again. GCC 16 does not see that everywhere.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif
  ambient_top = &frame;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
  current_correlation = frame.context_->ids();
}

inline void pop_ambient(const ambient_frame& frame) noexcept {
  ambient_top = frame.below_;
  current_correlation = frame.saved_;
}

} // namespace weir::detail

namespace weir {

/// Makes a context current on this thread, and its ids the ones that log records carry, until destroyed; then
/// restores what was current before. Scopes nest.
///
/// For code that runs from start to end on one thread. It must not be held across a `co_await`: the coroutine would
/// leave its context behind on the thread; coroutines use ambient_slot and an executor that honours it.
/// Lifetime: `ctx` outlives the scope and is not assigned to meanwhile.
/// Cost: four loads and stores of thread-local variables; no allocation, no reference count.
class [[nodiscard]] context_scope {
 public:
  explicit context_scope(const context& ctx) noexcept : frame_{&ctx, nullptr, nullptr} {
    detail::push_ambient(frame_);
  }
  explicit context_scope(const context&&) = delete;
  context_scope(const context_scope&) = delete;
  context_scope& operator=(const context_scope&) = delete;
  ~context_scope() {
    // A scope that a coroutine carried to another thread, or past an executor's own, has nothing left to restore.
    if (detail::ambient_top == &frame_) detail::pop_ambient(frame_);
  }

 private:
  detail::ambient_frame frame_;
};

/// The context that this thread works for at the moment; the background when none was made current.
/// Cost: a copy of the handle.
inline context current_context() noexcept {
  const detail::ambient_frame* top = detail::ambient_top;
  return top && top->context_ ? *top->context_ : context();
}

} // namespace weir
