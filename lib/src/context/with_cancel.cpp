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

  bool renew(const node* parent, const correlation& ids, const context_limit& limit) override {
    if (limit.deadline < deadline()) return false;
    const renewal found = revive(parent);
    if (found == renewal::impossible) return false;
    own_ = completed_by(parent, ids);
    if (found == renewal::to_be_joined) join_owner();
    return true;
  }

 private:
  correlation own_;
};

cancel_node::time_point deadline_above(const node* parent) noexcept {
  const cancel_node* const above = cancel_node::above(parent);
  return above ? above->deadline() : cancel_node::time_point::max();
}

bool is_done(const node* parent) noexcept { return parent && parent->source() && parent->source()->done(); }

/// The beginning of a node whose timer is its own.
void join_and_start(deadline_node& made, context::time_point now, bool is_joined) {
  if (made.deadline() <= now && !is_done(made.parent())) return made.expire_now();
  // The timer last: a parent that ends before the deadline is what ends the child, however long this takes.
  if (!is_joined) made.join_owner();
  made.start_timer();
}

/// A node with ids whose deadline, and whether it has one, changes from one renewal to the next.
class correlated_deadline_node final : public deadline_node {
 public:
  correlated_deadline_node(node* parent, const correlation& given, const context_limit& limit) noexcept
      : deadline_node(parent, limit.deadline, cause_at(limit)), own_(completed_by(parent, given)) {
    ids_ = &own_;
  }

  bool renew(const node* parent, const correlation& ids, const context_limit& limit) override {
    const renewal found = revive(parent);
    if (found == renewal::impossible) return false;
    rest();
    // Again: the timer thread may have taken hold of a live node before its timer was stopped.
    if (found == renewal::joined && (!is_unobserved() || done())) return false;
    own_ = completed_by(parent, ids);
    const time_point above = deadline_above(parent);
    set_limit(std::min(limit.deadline, above), cause_at(limit));
    has_own_limit_ = limit.deadline < above;
    if (has_own_limit_)
      join_and_start(*this, limit.now, found == renewal::joined);
    else if (found == renewal::to_be_joined)
      join_owner();
    return true;
  }

  void rest() noexcept override {
    if (has_own_limit_) stop_timer();
    has_own_limit_ = false;
  }

 private:
  static done_cause cause_at(const context_limit& limit) noexcept {
    return {context_errc::deadline_exceeded, limit.reason};
  }

  bool has_own_limit_ = true; // else its timer does not run
  correlation own_;
};

cancellable make_with_deadline(const context& parent, context::time_point now, context::time_point deadline,
                               cancel_reason reason, cancel_cause cause) {
  // At equal deadlines, too, the parent's is the one that counts.
  if (deadline_above(context_access::get(parent)) <= deadline) return with_cancel(parent);
  auto* made = new deadline_node(context_access::get(parent), deadline,
                                 make_done_cause(context_errc::deadline_exceeded, reason, std::move(cause)));
  cancellable result = cancellable_access::make(made);
  join_and_start(*made, now, false);
  return result;
}

cancellable make_with_limit(const context& parent, const correlation& ids, const context_limit& limit) {
  auto* made = new correlated_deadline_node(context_access::get(parent), ids, limit);
  cancellable result = cancellable_access::make(made);
  join_and_start(*made, limit.now, false);
  return result;
}

} // namespace
} // namespace weir::detail

namespace weir {

cancellable with_cancel(const context& parent) {
  detail::node* const above = detail::context_access::get(parent);
  auto* made = new detail::cancel_node(above, detail::deadline_above(above));
  cancellable result = detail::cancellable_access::make(made);
  made->join_owner();
  return result;
}

cancellable with_cancel(const context& parent, const correlation& ids) {
  detail::node* const above = detail::context_access::get(parent);
  auto* made = new detail::correlated_cancel_node(above, detail::deadline_above(above), ids);
  cancellable result = detail::cancellable_access::make(made);
  made->join_owner();
  return result;
}

cancellable with_stop_token(const context& parent, std::stop_token token, cancel_cause cause) {
  detail::node* const above = detail::context_access::get(parent);
  auto* made = new detail::stop_node(
      above, detail::deadline_above(above),
      detail::make_done_cause(context_errc::canceled, cancel_reason::application, std::move(cause)));
  cancellable result = detail::cancellable_access::make(made);
  made->join_owner();
  made->listen_to(std::move(token));
  return result;
}

void renew(cancellable& made, const context& parent, const correlation& ids, const context_limit& limit) {
  detail::cancel_node* const used = detail::cancellable_access::get(made);
  const detail::node* const above = detail::context_access::get(parent);
  try {
    if (used && used->renew(above, ids, limit)) return;
  } catch (...) { // there is no timer to be had
    made.cancel();
    throw;
  }
  const bool needs_timer = limit.deadline < detail::deadline_above(above);
  made = needs_timer ? detail::make_with_limit(parent, ids, limit) : with_cancel(parent, ids);
}

void retire(const cancellable& made) noexcept {
  detail::cancel_node* const used = detail::cancellable_access::get(made);
  if (!used || !used->is_unobserved())
    made.cancel();
  else
    used->rest();
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
