// The bridge from the thread that ends a context to the executor of those who care.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/done_registration.hpp"

#include <boost/asio/post.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace weir::detail {

/// Posts `function` to `executor` when a context ends. Once the destructor returns, the executor is not touched any
/// more, so that it and its execution context may go, even while the context is ending on another thread; a function
/// already posted may still run.
/// Thread safety: thread-compatible. The destructor may wait for one post() in progress, never for the function.
template <typename Executor, typename Function>
class post_on_done {
 public:
  post_on_done(const context& ctx, Executor executor, Function function)
      : gate_(std::make_shared<gate>(std::move(executor), std::move(function))),
        registration_(ctx.on_done([gate = gate_] { gate->post(); })) {}
  post_on_done(const post_on_done&) = delete;
  post_on_done& operator=(const post_on_done&) = delete;
  ~post_on_done() { gate_->close(); }

 private:
  struct target {
    Executor executor;
    Function function;
  };

  /// Outlives its owner if the callback is just running.
  class gate {
   public:
    gate(Executor executor, Function function) : target_(std::in_place, std::move(executor), std::move(function)) {}

    void post() {
      // Under the lock, as close() must not return while the executor is in use. Posting runs no function in place.
      const std::lock_guard hold(mutex_);
      if (!target_) return;
      boost::asio::post(target_->executor, std::move(target_->function));
      target_.reset();
    }

    void close() noexcept {
      const std::lock_guard hold(mutex_);
      target_.reset();
    }

   private:
    std::mutex mutex_;
    std::optional<target> target_;
  };

  const std::shared_ptr<gate> gate_;
  const done_registration registration_;
};

} // namespace weir::detail
