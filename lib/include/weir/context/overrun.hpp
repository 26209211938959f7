// How long work that cannot be interrupted goes on after its context has ended.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/done_registration.hpp"

#include <atomic>
#include <memory>

namespace weir {

/// Notes when a context ends, around a call that does not heed it:
///
///   const weir::overrun late(ctx);
///   legacy_call();
///   if (const auto by = late.elapsed(); by > 0ns) WEIR_WARN(log, "legacy_call went on for {} for nobody", by);
///
/// Stands in the scope of the call, or with the work that several calls are part of. Errors: the constructor throws
/// std::bad_alloc. Thread safety: elapsed() is thread-safe. Lifetime: needs the context no longer than to be made.
/// Cost: two allocations and a callback on the context; for one that nothing can end, neither.
class overrun {
 public:
  explicit overrun(const context& ctx);

  /// How long ago the context ended; if it had ended before, how long ago this was made. Zero as long as that has not
  /// happened, and never again once it has. The moment is that of the context's callbacks: before the call that ends
  /// it returns; ctx.done() may be true a little earlier. Cost: a load, and once the context has ended a clock read.
  context::duration elapsed() const noexcept;

 private:
  using moment = std::atomic<context::time_point>; // the epoch: not yet

  std::shared_ptr<moment> ended_; // the callback's, too: it may be running when this goes
  done_registration registration_;
};

} // namespace weir
