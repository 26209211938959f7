#include "deadline_node.hpp"

#include "timer_thread.hpp"

#include <utility>

namespace weir::detail {

const timer::functions deadline_node::node_functions{&deadline_node::pin_node, &deadline_node::expire_node};

deadline_node::deadline_node(node* parent, time_point deadline, done_cause expired) noexcept
    : cancel_node(parent, deadline, true), timer(deadline, node_functions), expired_(std::move(expired)) {}

deadline_node::~deadline_node() {
  // Whoever ended the node stopped the timer.
  if (!done()) timer_thread::instance().stop(*this);
}

void deadline_node::start_timer() {
  if (done()) return;
  timer_thread::instance().start(*this);
  // Whoever ended the node meanwhile may have been too early to stop the timer.
  if (done()) stop_timer();
}

void deadline_node::stop_timer() noexcept { timer_thread::instance().stop(*this); }

void deadline_node::set_limit(time_point deadline, done_cause expired) noexcept {
  set_deadline(deadline);
  set_due(deadline);
  expired_ = std::move(expired);
}

bool deadline_node::pin_node(timer& self) noexcept {
  // The destructor waits for the timer thread's lock in stop(), so the node is still there to be asked.
  return static_cast<deadline_node&>(self).try_add_reference();
}

void deadline_node::expire_node(timer& self) noexcept {
  auto& node = static_cast<deadline_node&>(self);
  node.expire_now();
  node.release();
}

} // namespace weir::detail
