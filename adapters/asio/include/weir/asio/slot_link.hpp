// Hands a context over to an operation that takes an Asio cancellation slot.
#pragma once

#include "weir/asio/post_on_done.hpp"
#include "weir/context/context.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <memory>
#include <utility>

namespace weir {

/// While it lives, its slot is set off when the context ends, on `executor`, for operations with callbacks:
///
///   link_ = std::make_unique<weir::slot_link<executor_type>>(ctx, socket.get_executor());
///   socket.async_read_some(buffer, asio::bind_cancellation_slot(link_->slot(), handler));
///
/// A cancellation_signal is not thread-safe; contexts end on any thread. So the end is posted to the executor, which
/// must be the operation's and run one function at a time, and emitted there. A slot takes one operation after the
/// other; one that begins after the signal went off is not cancelled by it: look at ctx.done() first.
/// Errors: the constructor throws std::bad_alloc. Thread safety: used on the executor. Lifetime: outlives the
/// operations that its slot was given to; neither the context nor the execution context has to. Cost: two allocations
/// and a callback on the context.
template <typename Executor>
class slot_link {
 public:
  slot_link(const context& ctx, const Executor& executor,
            boost::asio::cancellation_type type = boost::asio::cancellation_type::terminal)
      : signal_(std::make_shared<boost::asio::cancellation_signal>()),
        from_context_(ctx, executor, {signal_, type}) {}

  boost::asio::cancellation_slot slot() const noexcept { return signal_->slot(); }

 private:
  struct emit {
    std::weak_ptr<boost::asio::cancellation_signal> signal;
    boost::asio::cancellation_type type;
    void operator()() const {
      if (const auto alive = signal.lock()) alive->emit(type);
    }
  };

  const std::shared_ptr<boost::asio::cancellation_signal> signal_;
  const detail::post_on_done<Executor, emit> from_context_;
};

} // namespace weir
