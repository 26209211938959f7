// A cancellable node with a timer.
#pragma once

#include "cancel_node.hpp"
#include "done_cause.hpp"
#include "timer.hpp"

namespace weir::detail {

class deadline_node : public cancel_node, public timer {
 public:
  using time_point = cancel_node::time_point;

  /// `expired`: the cause if it is this deadline that ends the node.
  deadline_node(node* parent, time_point deadline, done_cause expired) noexcept;

  /// As if the timer had expired now.
  void expire_now() noexcept { cancel(expired_); }
  /// Unless the node is done. May throw what timer_thread::start() throws.
  void start_timer();

 protected:
  ~deadline_node() override;
  void stop_timer() noexcept override;
  /// Of a node that renew() is at, whose timer does not run.
  void set_limit(time_point deadline, done_cause expired) noexcept;

 private:
  static bool pin_node(timer& self) noexcept;
  static void expire_node(timer& self) noexcept;
  static const functions node_functions;

  done_cause expired_; // constant, but for set_limit()
};

} // namespace weir::detail
