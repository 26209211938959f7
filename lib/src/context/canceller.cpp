#include "weir/context/canceller.hpp"

#include "cancel_node.hpp"
#include "done_cause.hpp"

#include <new>

namespace weir {

void cancel_function::end(cancel_reason reason) const noexcept {
  detail::cancel_node::above(node_.get())
      ->cancel({context_errc::canceled, reason == cancel_reason::none ? cancel_reason::application : reason});
}

void cancel_function::operator()(cancel_cause cause) const noexcept {
  if (is_over()) return;
  detail::done_cause kept{context_errc::canceled,
                          cause.reason == cancel_reason::none ? cancel_reason::application : cause.reason};
  try {
    kept = detail::make_done_cause(context_errc::canceled, kept.reason, std::move(cause));
  } catch (const std::bad_alloc&) {
    // Stopping the work matters more than the text that explains it.
  }
  detail::cancel_node::above(node_.get())->cancel(kept);
}

} // namespace weir
