// An executor under which log records carry the ids of the right request, though many coroutines share a thread.
#pragma once

#include "weir/context/ambient_slot.hpp"

#include <boost/asio/execution/executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace weir {

/// Wraps an executor so that whatever it runs, each resumption of a coroutine, has the context of an ambient_slot as
/// its current_context(), and the ids of that in its log records:
///
///     auto slot = std::make_shared<weir::ambient_slot>();
///     co_spawn(weir::ambient_executor(io.get_executor(), slot), session(std::move(socket), *slot), asio::detached);
///
/// and in the session, when a request begins, `slot->set(ctx);`. What is awaited through another executor, such as a
/// socket's own, comes back through this one, because it is the coroutine's.
///
/// Given as a shared_ptr the slot lives as long as any copy of the executor. Given by reference it must outlive the
/// last function that any copy runs, which is seldom easy to tell: a coroutine hands its executor on to all that it
/// starts, and beast::tcp_stream has a timer that may fire once more on it after the coroutine and the stream are
/// gone.
///
/// All properties are those of the wrapped executor, asked of and passed on to it. Two are equal if they wrap equal
/// executors for the same slot.
/// Thread safety: as the wrapped executor's; the functions of one slot must not run at the same time, as in a
/// coroutine or on a strand. Cost: two words around each function and, for a shared slot, a reference count for each
/// copy; no allocation of its own. Boost 1.81's any_io_executor holds up to 24 bytes in place: around
/// io_context::executor_type (16 bytes with the slot, 24 with a shared one) no copy allocates, around a strand of it
/// it does, once for each operation that a coroutine awaits.
template <typename Inner, typename Slot = const ambient_slot*>
class ambient_executor {
 public:
  ambient_executor(Inner inner, const ambient_slot& slot) noexcept requires std::is_pointer_v<Slot>
      : inner_(std::move(inner)), slot_(&slot) {}
  ambient_executor(Inner inner, Slot slot) noexcept requires(!std::is_pointer_v<Slot>)
      : inner_(std::move(inner)), slot_(std::move(slot)) {}

  /// The wrapped executor.
  const Inner& get_inner_executor() const noexcept { return inner_; }

  template <typename Function>
  void execute(Function&& function) const {
    inner_.execute(ambient_function<std::decay_t<Function>>{slot_, std::forward<Function>(function)});
  }

  template <typename Property>
  requires boost::asio::can_query<const Inner&, Property>::value decltype(auto) query(const Property& property) const
      noexcept(boost::asio::is_nothrow_query<const Inner&, Property>::value) {
    return boost::asio::query(inner_, property);
  }

  template <typename Property>
  requires boost::asio::can_require<const Inner&, Property>::value auto require(const Property& property) const
      noexcept(boost::asio::is_nothrow_require<const Inner&, Property>::value) {
    return wrap(boost::asio::require(inner_, property));
  }

  template <typename Property>
  requires boost::asio::can_prefer<const Inner&, Property>::value auto prefer(const Property& property) const
      noexcept(boost::asio::is_nothrow_prefer<const Inner&, Property>::value) {
    return wrap(boost::asio::prefer(inner_, property));
  }

  friend bool operator==(const ambient_executor& a, const ambient_executor& b) noexcept {
    return a.slot_ == b.slot_ && a.inner_ == b.inner_;
  }

 private:
  template <typename Function>
  struct ambient_function {
    Slot slot;
    Function function;

    void operator()() {
      const ambient_slot::scope current(*slot);
      function();
    }
  };

  template <typename Other>
  ambient_executor<Other, Slot> wrap(Other other) const noexcept {
    if constexpr (std::is_pointer_v<Slot>)
      return {std::move(other), *slot_};
    else
      return {std::move(other), slot_};
  }

  Inner inner_;
  Slot slot_;
};

template <typename Inner>
ambient_executor(Inner, std::shared_ptr<ambient_slot>)
    -> ambient_executor<Inner, std::shared_ptr<const ambient_slot>>;

} // namespace weir
