#include "weir/context/overrun.hpp"

#include <algorithm>

namespace weir {

overrun::overrun(const context& ctx)
    : ended_(ctx.can_be_done() ? std::make_shared<moment>(context::time_point()) : nullptr),
      registration_(ctx.on_done([ended = ended_] {
        // relaxed: pairs with the load in elapsed(); the moment is all there is to know.
        ended->store(context::clock::now(), std::memory_order_relaxed);
      })) {}

context::duration overrun::elapsed() const noexcept {
  // relaxed: pairs with the store above.
  const auto ended = ended_ ? ended_->load(std::memory_order_relaxed) : context::time_point();
  if (ended == context::time_point()) return context::duration::zero();
  // Zero stands for a context that is not done, however coarse the clock.
  return std::max(context::clock::now() - ended, context::duration(1));
}

} // namespace weir
