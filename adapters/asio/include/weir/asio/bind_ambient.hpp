// A completion token under which an operation's completion runs with a slot's context current.
#pragma once

#include "weir/context/ambient_slot.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>

#include <type_traits>
#include <utility>

namespace weir {

namespace detail {

/// Runs the handler inside a scope of the slot. It has no executor of its own: what would be the handler's is left
/// out on purpose, so that the completion runs where the I/O object completes, without another dispatch.
template <typename Handler>
struct ambient_handler {
  const ambient_slot* slot;
  Handler handler;

  template <typename... Args>
  void operator()(Args&&... args) {
    if (slot == nullptr) {
      std::move(handler)(std::forward<Args>(args)...);
    } else {
      const ambient_slot::scope current(*slot);
      std::move(handler)(std::forward<Args>(args)...);
    }
  }
};

} // namespace detail

/// What bind_ambient() makes.
template <typename Token>
struct ambient_token {
  const ambient_slot* slot;
  Token token;
};

/// `co_await socket.async_read_some(buffer, weir::bind_ambient(&slot, asio::use_awaitable))`: as with the token
/// alone, but the completion runs on the I/O object's executor, whatever the handler's is, and with the slot's
/// context current. For sessions whose coroutine runs under an ambient_executor around the same execution context:
/// their own operations then cost no more than without it. A null `slot` leaves the thread's context as it is.
/// Lifetime: the slot lives until the operation completes; it may be destroyed by the completion.
template <typename Token>
ambient_token<std::decay_t<Token>> bind_ambient(const ambient_slot* slot, Token&& token) {
  return {slot, std::forward<Token>(token)};
}

} // namespace weir

namespace boost::asio {

template <typename Token, typename Signature>
class async_result<weir::ambient_token<Token>, Signature> {
 public:
  template <typename Initiation, typename... Args>
  static auto initiate(Initiation&& initiation, weir::ambient_token<Token> token, Args&&... args) {
    return async_initiate<Token, Signature>(
        [slot = token.slot, start = std::forward<Initiation>(initiation)](auto&& handler, auto&&... rest) mutable {
          using handler_type = std::decay_t<decltype(handler)>;
          std::move(start)(
              weir::detail::ambient_handler<handler_type>{slot, std::forward<decltype(handler)>(handler)},
              std::forward<decltype(rest)>(rest)...);
        },
        token.token, std::forward<Args>(args)...);
  }
};

// Allocator and cancellation slot are the inner handler's; the executor is whatever the operation proposes.
template <template <typename, typename> class Associator, typename Handler, typename Default>
struct associator<Associator, weir::detail::ambient_handler<Handler>, Default> : Associator<Handler, Default> {
  static typename Associator<Handler, Default>::type
  get(const weir::detail::ambient_handler<Handler>& bound) noexcept {
    return Associator<Handler, Default>::get(bound.handler);
  }
  static auto get(const weir::detail::ambient_handler<Handler>& bound, const Default& otherwise) noexcept {
    return Associator<Handler, Default>::get(bound.handler, otherwise);
  }
};

template <typename Handler, typename Executor>
struct associated_executor<weir::detail::ambient_handler<Handler>, Executor> {
  using type = Executor;
  static type get(const weir::detail::ambient_handler<Handler>&, const Executor& proposed = Executor()) noexcept {
    return proposed;
  }
};

} // namespace boost::asio
