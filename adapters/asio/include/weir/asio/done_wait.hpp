// Pending waits for contexts to end, owned by the execution context in which they complete.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/done_registration.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace weir::detail {

/// One wait. Whoever takes it out of the list completes it, or drops it.
class done_wait {
 public:
  done_wait() = default;
  done_wait(const done_wait&) = delete;
  done_wait& operator=(const done_wait&) = delete;
  virtual ~done_wait() = default;

  /// Posts the completion.
  virtual void post(std::error_code result) = 0;
  /// Destroys the handler, which may own this.
  virtual void drop() noexcept = 0;

  done_registration registration;

 private:
  friend class done_waits;
  std::shared_ptr<done_wait> next_;
  done_wait* previous_ = nullptr; // null also for the first
  bool pending_ = false;
};

/// The waits of one execution context. Outlives it, for the callback of a context that is just ending.
class done_waits {
 public:
  void add(std::shared_ptr<done_wait> wait) noexcept {
    const std::lock_guard hold(mutex_);
    wait->pending_ = true;
    if (first_) first_->previous_ = wait.get();
    wait->next_ = std::move(first_);
    first_ = std::move(wait);
  }

  /// Does nothing for one that is completed, or dropped.
  void complete(done_wait& wait, std::error_code result) {
    // Posts under the lock, as drop_all() must not return, and the execution context not go, meanwhile. Runs nothing.
    const std::lock_guard hold(mutex_);
    if (!wait.pending_) return;
    const std::shared_ptr<done_wait> taken = take(wait);
    taken->post(result);
  }

  /// Takes out a wait that could not be begun; what it has goes with it.
  void forget(done_wait& wait) noexcept {
    const std::shared_ptr<done_wait> taken = [&]() noexcept {
      const std::lock_guard hold(mutex_);
      return wait.pending_ ? take(wait) : nullptr;
    }();
  }

  void drop_all() noexcept {
    for (;;) {
      std::shared_ptr<done_wait> taken;
      {
        const std::lock_guard hold(mutex_);
        if (!first_) return;
        taken = take(*first_);
      }
      taken->registration.stop();
      taken->drop();
    }
  }

 private:
  std::shared_ptr<done_wait> take(done_wait& wait) noexcept {
    wait.pending_ = false;
    std::shared_ptr<done_wait>& place = wait.previous_ ? wait.previous_->next_ : first_;
    std::shared_ptr<done_wait> taken = std::exchange(place, std::move(wait.next_));
    if (place) place->previous_ = wait.previous_;
    return taken;
  }

  std::mutex mutex_;
  std::shared_ptr<done_wait> first_;
};

class done_wait_service final : public boost::asio::execution_context::service {
 public:
  static inline boost::asio::execution_context::id id;

  explicit done_wait_service(boost::asio::execution_context& owner) : service(owner) {}
  const std::shared_ptr<done_waits>& waits() const noexcept { return waits_; }

 private:
  void shutdown() noexcept override { waits_->drop_all(); }

  const std::shared_ptr<done_waits> waits_ = std::make_shared<done_waits>();
};

template <typename Handler>
class typed_done_wait final : public done_wait {
 public:
  explicit typed_done_wait(Handler handler)
      : executor_(boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                      boost::asio::execution::outstanding_work.tracked)),
        handler_(std::move(handler)) {}

  void post(std::error_code result) override {
    boost::asio::post(*executor_, completion{std::move(*handler_), result});
    handler_.reset();
    executor_.reset();
  }
  void drop() noexcept override {
    const auto dropped = std::exchange(handler_, std::nullopt);
    executor_.reset();
  }

 private:
  struct completion {
    Handler handler;
    std::error_code result;
    void operator()() { std::move(handler)(result); }
  };
  using executor_type =
      std::decay_t<decltype(boost::asio::prefer(boost::asio::get_associated_executor(std::declval<Handler&>()),
                                                boost::asio::execution::outstanding_work.tracked))>;

  std::optional<executor_type> executor_;
  std::optional<Handler> handler_;
};

/// Starts a wait for the end of `ctx`; `handler` takes a std::error_code.
class done_initiation {
 public:
  explicit done_initiation(context ctx) noexcept : ctx_(std::move(ctx)) {}

  template <typename Handler>
  void operator()(Handler&& handler) const {
    using handler_type = std::decay_t<Handler>;
    boost::asio::execution_context& owner =
        boost::asio::query(boost::asio::get_associated_executor(handler), boost::asio::execution::context);
    const std::shared_ptr<done_waits> waits = boost::asio::use_service<done_wait_service>(owner).waits();
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    const std::shared_ptr<done_wait> wait =
        std::make_shared<typed_done_wait<handler_type>>(std::forward<Handler>(handler));
    waits->add(wait);
    try {
      begin(wait, waits, slot);
    } catch (...) {
      waits->forget(*wait);
      throw;
    }
  }

 private:
  template <typename Slot>
  void begin(const std::shared_ptr<done_wait>& wait, const std::shared_ptr<done_waits>& waits, Slot slot) const {
    // From here on it may complete on another thread; `registration` is touched by no one else before it was
    // cancelled.
    if (slot.is_connected())
      slot.assign([waits, weak = std::weak_ptr(wait)](boost::asio::cancellation_type) {
        const auto alive = weak.lock();
        if (!alive) return;
        alive->registration.stop();
        waits->complete(*alive, std::make_error_code(std::errc::operation_canceled));
      });
    wait->registration = ctx_.on_done([waits, wait, source = ctx_] { waits->complete(*wait, source.error()); });
  }

  context ctx_;
};

} // namespace weir::detail
