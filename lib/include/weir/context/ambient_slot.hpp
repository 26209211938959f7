// The place where a session that moves between threads keeps the context it works for.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/context_scope.hpp"

#include <utility>

namespace weir {

/// Holds the context of a chain of functions that run one after the other but not on one thread, such as a coroutine.
/// Whatever runs them, usually an executor, opens an ambient_slot::scope around each; the chain itself calls set()
/// when a request begins and again when it ends.
///
/// Thread safety: thread-compatible; to be used by the chain only. Lifetime: outlives every scope opened on it, save
/// that it may be destroyed by a function that runs within one.
class ambient_slot {
 public:
  ambient_slot() noexcept = default;
  explicit ambient_slot(context current) noexcept : current_(std::move(current)) {}
  ambient_slot(const ambient_slot&) = delete;
  ambient_slot& operator=(const ambient_slot&) = delete;
  ~ambient_slot();

  const context& current() const noexcept { return current_; }

  /// Works for `ctx` from now on. Takes effect at once for the function that is running under this slot on this
  /// thread, and for all that run under it later.
  void set(context ctx) noexcept;

  /// Makes the slot's context current on this thread while it lives. Strictly nested: it belongs on the stack of what
  /// runs the function, never into a coroutine.
  class [[nodiscard]] scope {
   public:
    explicit scope(const ambient_slot& slot) noexcept : frame_{&slot.current_, nullptr, nullptr} {
      detail::push_ambient(frame_);
    }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    // Unconditional, so that a context_scope which a coroutine wrongly left behind goes, too.
    ~scope() { detail::pop_ambient(frame_); }

   private:
    detail::ambient_frame frame_;
  };

 private:
  context current_;
};

} // namespace weir
