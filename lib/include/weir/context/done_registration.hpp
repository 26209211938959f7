// The handle that on_done() gives back: while it lives the callback is registered.
#pragma once

#include "weir/context/done_callback.hpp"
#include "weir/context/node.hpp"

#include <utility>

namespace weir {

/// Keeps a callback registered with a context; destroying it stops the callback. Empty when there is nothing to stop:
/// default-constructed, moved from, stopped, detached, or the callback ran within on_done().
///
/// Unlike std::stop_callback it never waits: when stop() returns false the callback has run, or is running right now
/// on another thread. What the callback uses must therefore not be owned by the one who stops it, unless shared.
///
/// Thread safety: thread-compatible; the callback itself may stop, move or destroy its own registration.
/// Lifetime: keeps the context's state alive.
class [[nodiscard]] done_registration {
 public:
  done_registration() noexcept = default;
  done_registration(done_registration&& other) noexcept
      : node_(std::move(other.node_)), callback_(std::exchange(other.callback_, nullptr)) {}
  /// Takes over the other's callback, then stops the one it was for.
  done_registration& operator=(done_registration&& other) noexcept {
    // In this order, as what the stopped callback owns may assign to this registration again, or destroy it.
    done_registration before(std::move(other));
    std::swap(node_, before.node_);
    std::swap(callback_, before.callback_);
    return *this;
  }
  ~done_registration() { stop(); }

  /// Takes the callback back. Returns true only if that prevented it from running; it is then already destroyed.
  /// Never waits. Cost: one uncontended lock.
  bool stop() noexcept;

  /// Lets the callback run without this handle. It is kept by the context: if the context is destroyed before it is
  /// done, the callback is destroyed unrun. A detached callback must not own its own context or one made from
  /// it, which would keep all of them alive until the context is done.
  void detach() noexcept;

  /// Whether there is still something that stop() could be asked to do.
  explicit operator bool() const noexcept { return callback_ != nullptr; }

 private:
  friend class context;
  done_registration(detail::node_ptr source, detail::done_callback* callback) noexcept
      : node_(std::move(source)), callback_(callback) {}

  detail::node_ptr node_;
  detail::done_callback* callback_ = nullptr;
};

} // namespace weir
