#include "weir/context/with_cancel.hpp"

#include "cancel_node.hpp"
#include "deadline_node.hpp"
#include "done_cause.hpp"
#include "saturating.hpp"
#include "stop_node.hpp"
#include "weir/context/stop_link.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace weir::detail {

/// Makes both halves of what the functions below return; takes over the references that `made` was born with.
struct cancellable_access {
  static cancellable make(cancel_node* made) noexcept {
    return {context_access::make(node_ptr::adopt(made)), canceller(node_ptr::adopt(made))};
  }
  /// The node if both are handles to the same one, else null.
  static cancel_node* get(const cancellable& made) noexcept {
    node* const held = context_access::get(made.ctx);
    return held == made.cancel.function_.node_.get() ? cancel_node::above(held) : nullptr;
  }
};

namespace {

class correlated_cancel_node final : public cancel_node {
 public:
  correlated_cancel_node(node* parent, time_point deadline, const correlation& given) noexcept
      : cancel_node(parent, deadline), own_(completed_by(parent, given)) {
    ids_ = &own_;
  }

  renewal renew(const node* parent, const correlation& ids) noexcept override {
    const renewal result = revive(parent);
    if (result != renewal::impossible) own_ = completed_by(parent, ids);
    return result;
  }

 private:
  correlation own_;
};

cancel_node::time_point deadline_above(const context& parent) noexcept {
  const cancel_node* above = cancel_node::above(context_access::get(parent));
  return above ? above->deadline() : cancel_node::time_point::max();
}

cancellable make_with_deadline(const context& parent, context::time_point now, context::time_point deadline,
                               cancel_reason reason, cancel_cause cause) {
  // At equal deadlines, too, the parent's is the one that counts.
  if (deadline_above(parent) <= deadline) return with_cancel(parent);
  auto* made = new deadline_node(context_access::get(parent), deadline,
                                 make_done_cause(context_errc::deadline_exceeded, reason, std::move(cause)));
  cancellable result = cancellable_access::make(made);
  if (deadline <= now && !parent.done()) {
    made->expire_now();
    return result;
  }
  // The timer last: a parent that ends before the deadline is what ends the child, however long this takes.
  made->join_owner();
  made->start_timer();
  return result;
}

} // namespace
} // namespace weir::detail

namespace weir {

cancellable with_cancel(const context& parent) {
  auto* made = new detail::cancel_node(detail::context_access::get(parent), detail::deadline_above(parent));
  cancellable result = detail::cancellable_access::make(made);
  made->join_owner();
  return result;
}

cancellable with_cancel(const context& parent, const correlation& ids) {
  auto* made =
      new detail::correlated_cancel_node(detail::context_access::get(parent), detail::deadline_above(parent), ids);
  cancellable result = detail::cancellable_access::make(made);
  made->join_owner();
  return result;
}

cancellable with_stop_token(const context& parent, std::stop_token token, cancel_cause cause) {
  auto* made = new detail::stop_node(
      detail::context_access::get(parent), detail::deadline_above(parent),
      detail::make_done_cause(context_errc::canceled, cancel_reason::application, std::move(cause)));
  cancellable result = detail::cancellable_access::make(made);
  made->join_owner();
  made->listen_to(std::move(token));
  return result;
}

void renew(cancellable& made, const context& parent, const correlation& ids) {
  using renewal = detail::cancel_node::renewal;
  detail::cancel_node* const used = detail::cancellable_access::get(made);
  switch (used ? used->renew(detail::context_access::get(parent), ids) : renewal::impossible) {
  case renewal::joined:
    break;
  case renewal::to_be_joined:
    used->join_owner();
    break;
  case renewal::impossible:
    made = with_cancel(parent, ids);
  }
}

void retire(const cancellable& made) noexcept {
  const detail::cancel_node* const used = detail::cancellable_access::get(made);
  if (!used || !used->is_unobserved()) made.cancel();
}

bool detail::is_alone_with(const context& parent, const cancellable& made) noexcept {
  constexpr std::uint32_t handle_and_child = 2;
  const node* const above = context_access::get(parent);
  const cancel_node* const used = cancellable_access::get(made);
  return above && used && used->parent() == above && used->is_unobserved() && above->is_held_by(handle_and_child);
}

cancellable with_deadline(const context& parent, context::time_point deadline, cancel_cause cause) {
  return detail::make_with_deadline(parent, context::clock::now(), deadline, cancel_reason::deadline,
                                    std::move(cause));
}

cancellable with_timeout(const context& parent, context::duration timeout, cancel_cause cause) {
  const context::time_point now = context::clock::now(); // once: it is a good part of the whole
  return detail::make_with_deadline(parent, now, detail::saturating_sum(now, timeout), cancel_reason::timeout,
                                    std::move(cause));
}

} // namespace weir
