// A function that takes its context with it to wherever it is run.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/context_scope.hpp"

#include <functional>
#include <type_traits>
#include <utility>

namespace weir {

/// What bind_context() returns.
template <typename Function>
class context_bound {
 public:
  context_bound(context ctx, Function function) : ctx_(std::move(ctx)), function_(std::move(function)) {}

  template <typename... Args>
  decltype(auto) operator()(Args&&... args) {
    const context_scope current(ctx_);
    return std::invoke(function_, std::forward<Args>(args)...);
  }
  template <typename... Args>
  std::invoke_result_t<const Function&, Args...> operator()(Args&&... args) const {
    const context_scope current(ctx_);
    return std::invoke(function_, std::forward<Args>(args)...);
  }

  const context& ctx() const noexcept { return ctx_; }

 private:
  context ctx_;
  Function function_;
};

/// `pool.submit(weir::bind_context(weir::current_context(), work));`: `function`, with `ctx` as the current context
/// and its ids in log records for as long as each call takes, on whichever thread. Calls it whether or not the
/// context is done. Not for functions that return before their work has ended, such as coroutines. Errors: what
/// copying the function throws. Thread safety: the function's. Cost: that of a context_scope.
template <typename Function>
[[nodiscard]] context_bound<std::decay_t<Function>> bind_context(context ctx, Function&& function) {
  return {std::move(ctx), std::forward<Function>(function)};
}

} // namespace weir
