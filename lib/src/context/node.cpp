#include "weir/context/node.hpp"

namespace weir::detail {

void node::destroy(node* last) noexcept {
  do {
    node* const parent = last->parent_;
    delete last;
    last = parent;
  } while (last && last->drop_reference());
}

} // namespace weir::detail
