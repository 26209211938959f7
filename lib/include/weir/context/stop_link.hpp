// Hands a context over to code that takes a std::stop_token.
#pragma once

#include <stop_token>

#include <weir/context/context.hpp>

namespace weir {

/// While it lives, its token is stopped when the context ends, by the thread that ends it; for std::jthread bodies,
/// std::condition_variable_any and whatever else knows std::stop_token.
/// Errors: the constructor throws std::bad_alloc. Thread safety: get_token() is thread-safe.
/// Lifetime: tokens may outlive the link; they are then no longer stopped by the context.
class stop_link {
public:
  explicit stop_link(const context& ctx)
    : x_registration(ctx.on_done([source = x_source]() mutable { source.request_stop(); })) {}

  std::stop_token get_token() const noexcept { return x_source.get_token(); }

private:
  std::stop_source x_source;
  done_registration x_registration;
};

}  // namespace weir
