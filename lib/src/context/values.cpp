#include "weir/context/values.hpp"

namespace weir {
namespace detail {
namespace {

class correlation_node final : public node {
 public:
  correlation_node(node* parent, const correlation& given) noexcept : node(parent), own_(given) { ids_ = &own_; }

 private:
  const correlation own_;
};

/// Inherits everything but what could end it.
class endless_node final : public node {
 public:
  explicit endless_node(node* parent) noexcept : node(parent) { source_ = nullptr; }
};

} // namespace
} // namespace detail

context with_correlation(const context& parent, const correlation& ids) {
  return detail::context_access::make(
      detail::node_ptr::adopt(new detail::correlation_node(detail::context_access::get(parent), ids)));
}

context without_cancel(const context& parent) {
  if (!parent.can_be_done()) return parent;
  return detail::context_access::make(
      detail::node_ptr::adopt(new detail::endless_node(detail::context_access::get(parent))));
}

} // namespace weir
