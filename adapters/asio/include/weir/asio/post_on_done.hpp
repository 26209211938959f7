// The bridge from the thread that ends a context to the executor of those who care.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/done_callback.hpp"
#include "weir/context/done_registration.hpp"

#include <boost/asio/post.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace weir::detail {

/// Posts `function` to `executor` when a context ends. Once end() or the destructor returns, the executor is not
/// touched any more, so that it and its execution context may go after the destructor, even while the context is
/// ending on another thread. A function already posted does not run either if they are called on the executor, else
/// it may. Thread safety: thread-compatible. end() and the destructor may wait for one post() in progress, never for
/// the function. Cost: an allocation, and a callback on the context.
template <typename Executor, typename Function>
class post_on_done {
 public:
  /// Waits for nothing yet.
  post_on_done(Executor executor, Function function) : gate_(new gate(std::move(executor), std::move(function))) {}
  post_on_done(const context& ctx, Executor executor, Function function)
      : post_on_done(std::move(executor), std::move(function)) {
    begin(ctx);
  }
  post_on_done(const post_on_done&) = delete;
  post_on_done& operator=(const post_on_done&) = delete;
  ~post_on_done() {
    end();
    gate_->forget_executor();
  }

  /// Precondition: it waits for nothing, not even to be told of an end before. Errors: throws std::bad_alloc. Cost:
  /// in the memory it has, unless a function that was posted is still to be passed over.
  void begin(const context& ctx) {
    if (!gate_->is_unshared()) {
      auto next = gate_->copy();
      gate_->forget_executor();
      gate_ = std::move(next);
    }
    gate_->open();
    registration_ = context_access::on_done(ctx, *gate_);
  }
  void end() noexcept {
    if (registration_.stop())
      gate_->shut(); // nobody else has it any more
    else
      gate_->close();
  }

 private:
  /// Outlives its owner if the callback is just running, or posted.
  class gate final : public done_callback {
   public:
    gate(Executor executor, Function function)
        : done_callback(1), executor_(std::move(executor)), function_(std::move(function)) {}

    void run(node& source) noexcept override {
      const auto post = [this] {
        // Under the lock, as close() must not return while the executor is in use. Posting runs no function in place.
        const std::lock_guard hold(mutex_);
        if (!is_open_) return;
        add_references(1);
        boost::asio::post(*executor_, visit{gate_ptr(this)});
      };
      run_reporting(post, source);
    }
    void discard() noexcept override {}

    void enter() {
      {
        const std::lock_guard hold(mutex_);
        if (!std::exchange(is_open_, false)) return;
      }
      function_();
    }

    void close() noexcept {
      const std::lock_guard hold(mutex_);
      is_open_ = false;
    }
    // By who knows that no other thread can get here.
    void open() noexcept { is_open_ = true; }
    void shut() noexcept { is_open_ = false; }

    void forget_executor() noexcept {
      const std::lock_guard hold(mutex_);
      executor_.reset();
    }
    auto copy() const { return gate_ptr(new gate(*executor_, function_)); }

   private:
    std::mutex mutex_;
    bool is_open_ = false;
    std::optional<Executor> executor_; // until the owner goes
    Function function_;
  };

  struct release {
    void operator()(gate* held) const noexcept { held->release(); }
  };
  using gate_ptr = std::unique_ptr<gate, release>;

  struct visit {
    gate_ptr to;
    void operator()() const { to->enter(); }
  };

  gate_ptr gate_;
  done_registration registration_;
};

} // namespace weir::detail
