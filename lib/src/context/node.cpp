#include "weir/context/node.hpp"

namespace weir::detail {

void node::destroy(node* last) noexcept {
  do {
    node* const parent = last->parent_;
    delete last;
    last = parent;
    // acq_rel: as in release().
  } while (last && last->references_.fetch_sub(1, std::memory_order_acq_rel) == 1);
}

} // namespace weir::detail
