#include "weir/context/ambient_slot.hpp"

namespace weir {
namespace {

/// Calls `change(frame, ids)` for each level of this thread that shows `slot`, where `ids` is where what the log
/// reads at that level is kept: the thread's variable for the innermost, the level above it for the others.
template <typename Change>
void for_each_frame(const context& slot, Change change) noexcept {
  const correlation** ids = &current_correlation;
  for (auto* frame = detail::ambient_top; frame; frame = frame->below_) {
    if (frame->context_ == &slot) change(*frame, *ids);
    ids = &frame->saved_;
  }
}

} // namespace

void ambient_slot::set(context ctx) noexcept {
  std::swap(current_, ctx);
  for_each_frame(current_, [this](detail::ambient_frame&, const correlation*& ids) { ids = current_.ids(); });
  // Only now may the previous context go, with the ids that the thread showed until here.
}

ambient_slot::~ambient_slot() {
  for_each_frame(current_, [](detail::ambient_frame& frame, const correlation*& ids) {
    frame.context_ = nullptr;
    ids = nullptr;
  });
}

} // namespace weir
