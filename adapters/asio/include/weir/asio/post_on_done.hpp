// The bridge from the thread that ends a context to the executor of those who care.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

#include <weir/context/context.hpp>
#include <weir/context/done_registration.hpp>

namespace weir::detail {

/// Posts `function` to `executor` when a context ends. Once the destructor returns, the executor is not touched any
/// more, so that it and its execution context may go, even while the context is ending on another thread; a function
/// already posted may still run.
/// Thread safety: thread-compatible. The destructor may wait for one post() in progress, never for the function.
template <typename Executor, typename Function>
class post_on_done {
public:
  post_on_done(const context& ctx, Executor executor, Function function)
    : x_gate(std::make_shared<gate>(std::move(executor), std::move(function))),
      x_registration(ctx.on_done([gate = x_gate] { gate->post(); })) {}
  post_on_done(const post_on_done&) = delete;
  post_on_done& operator=(const post_on_done&) = delete;
  ~post_on_done() { x_gate->close(); }

private:
  struct target {
    Executor executor;
    Function function;
  };

  /// Outlives its owner if the callback is just running.
  class gate {
  public:
    gate(Executor executor, Function function)
      : x_target(std::in_place, std::move(executor), std::move(function)) {}

    void post() {
      // Under the lock, as close() must not return while the executor is in use. Posting runs no function in place.
      const std::lock_guard hold(x_mutex);
      if (!x_target) return;
      boost::asio::post(x_target->executor, std::move(x_target->function));
      x_target.reset();
    }

    void close() noexcept {
      const std::lock_guard hold(x_mutex);
      x_target.reset();
    }

  private:
    std::mutex x_mutex;
    std::optional<target> x_target;
  };

  const std::shared_ptr<gate> x_gate;
  const done_registration x_registration;
};

}  // namespace weir::detail
