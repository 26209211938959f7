// Contexts and std::stop_token: handing one over to code that takes the other.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/with_cancel.hpp"

#include <stop_token>

namespace weir {

/// While it lives, its token is stopped when the context ends, by the thread that ends it; for std::jthread bodies,
/// std::condition_variable_any and whatever else knows std::stop_token.
/// Errors: the constructor throws std::bad_alloc. Thread safety: get_token() is thread-safe.
/// Lifetime: tokens may outlive the link; they are then no longer stopped by the context.
class stop_link {
 public:
  explicit stop_link(const context& ctx)
      : registration_(ctx.on_done([source = source_]() mutable { source.request_stop(); })) {}

  std::stop_token get_token() const noexcept { return source_.get_token(); }

 private:
  std::stop_source source_;
  done_registration registration_;
};

/// A child of `parent` that also ends when `token` is asked to stop, on the thread that asks; at once if it was asked
/// already. For a std::jthread's body that works under contexts.
/// `cause`: used if that is what ends it; its reason defaults to cancel_reason::application.
/// Errors: throws std::bad_alloc. Lifetime: the token's state is kept until the child and its descendants have gone.
/// Cost: two allocations, more if the cause has an error or a text; ending it takes the stop state's lock.
[[nodiscard]] cancellable with_stop_token(const context& parent, std::stop_token token, cancel_cause cause = {});

} // namespace weir
