// A cancellable node that a std::stop_token ends, too.
#pragma once

#include "cancel_node.hpp"
#include "done_cause.hpp"

#include <optional>
#include <stop_token>
#include <utility>

namespace weir::detail {

class stop_node final : public cancel_node {
 public:
  /// `asked`: the cause if it is the token that ends the node.
  stop_node(node* parent, time_point deadline, done_cause asked) noexcept
      : cancel_node(parent, deadline), asked_(std::move(asked)) {}

  /// Once a reference keeps the node alive: if it was asked already, the node ends at once.
  void listen_to(std::stop_token token) { callback_.emplace(std::move(token), end{this}); }

 private:
  struct end {
    stop_node* node;
    void operator()() const noexcept {
      // The destructor of callback_ waits for this, so the node is still there to be asked. It may be on its way
      // without having counted the last reference down, as of a node that is done; then this one does no harm.
      if (!node->try_add_reference()) return;
      node->cancel(node->asked_);
      node->release();
    }
  };

  const done_cause asked_;
  std::optional<std::stop_callback<end>> callback_;
};

} // namespace weir::detail
