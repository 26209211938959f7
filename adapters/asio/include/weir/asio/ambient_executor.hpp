// An executor under which log records carry the ids of the right request, though many coroutines share a thread.
#pragma once

#include "weir/context/ambient_slot.hpp"

#include <boost/asio/execution/executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <type_traits>
#include <utility>

namespace weir {

/// Wraps an executor so that whatever it runs, each resumption of a coroutine, has the context of an ambient_slot as
/// its current_context(), and the ids of that in its log records:
///
///     auto slot = std::make_shared<weir::ambient_slot>();
///     co_spawn(weir::ambient_executor(io.get_executor(), *slot), session(std::move(socket), *slot),
///              asio::consign(asio::detached, slot));
///
/// and in the session, when a request begins, `slot.set(ctx);`. What is awaited through another executor, such as a
/// socket's own, comes back through this one, because it is the coroutine's.
///
/// All properties are those of the wrapped executor, asked of and passed on to it. Two are equal if they wrap equal
/// executors for the same slot.
/// Thread safety: as the wrapped executor's; the functions of one slot must not run at the same time, as in a
/// coroutine or on a strand. Lifetime: the slot is used by address and must outlive the last function that any copy
/// runs; tying it to the completion handler, as above, does that. Cost: two words around each function, no allocation
/// of its own. Boost 1.81's any_io_executor holds up to 24 bytes in place: around io_context::executor_type (16 bytes
/// with the slot) no copy allocates, around a strand of it (32) it does, once for each operation that a coroutine
/// awaits.
template <typename Inner>
class ambient_executor {
 public:
  ambient_executor(Inner inner, const ambient_slot& slot) noexcept : inner_(std::move(inner)), slot_(&slot) {}

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
    const ambient_slot* slot;
    Function function;

    void operator()() {
      const ambient_slot::scope current(*slot);
      function();
    }
  };

  template <typename Other>
  ambient_executor<Other> wrap(Other other) const noexcept {
    return ambient_executor<Other>(std::move(other), *slot_);
  }

  Inner inner_;
  const ambient_slot* slot_;
};

} // namespace weir
