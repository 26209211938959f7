// Hands a context over to code that takes a std::stop_token.
#pragma once

#include "weir/context/context.hpp"

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

} // namespace weir
