#include "weir/context/values.hpp"

namespace weir {
namespace detail {
namespace {

class correlation_node final : public node {
 public:
  correlation_node(node* parent, const correlation& given, std::shared_ptr<const void> owner) noexcept
      : node(parent), own_(completed_by(parent, given)), owner_(std::move(owner)) {
    ids_ = &own_;
  }

 private:
  const correlation own_;
  const std::shared_ptr<const void> owner_; // of what own_ points to
};

/// Inherits everything but what could end it.
class endless_node final : public node {
 public:
  explicit endless_node(node* parent) noexcept : node(parent) { source_ = nullptr; }
};

} // namespace
} // namespace detail

context with_correlation(const context& parent, const correlation& ids) {
  return with_correlation(parent, ids, nullptr);
}

context with_correlation(const context& parent, const correlation& ids, std::shared_ptr<const void> owner) {
  return detail::context_access::make(detail::node_ptr::adopt(
      new detail::correlation_node(detail::context_access::get(parent), ids, std::move(owner))));
}

context without_cancel(const context& parent) {
  if (!parent.can_be_done()) return parent;
  return detail::context_access::make(
      detail::node_ptr::adopt(new detail::endless_node(detail::context_access::get(parent))));
}

} // namespace weir
