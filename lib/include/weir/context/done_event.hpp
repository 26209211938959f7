// A context's end as a file descriptor, for loops around poll(2) and epoll(7).
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/done_registration.hpp"

#include <memory>

namespace weir {

/// Has a descriptor that becomes readable, and stays so, when its context ends:
///
///   weir::done_event ended(ctx);
///   pollfd wanted[] = {{socket, POLLIN, 0}, {ended.fd(), POLLIN, 0}};
///   ::poll(wanted, 2, -1);
///   if (ctx.done()) return ctx.error();
///
/// Only to be waited for: neither read it nor close it. It is closed on exec.
/// Errors: the constructor throws std::system_error if the process has no descriptors left, or std::bad_alloc.
/// Thread safety: fd() is thread-safe. Lifetime: the descriptor is valid as long as this lives; the context may go
/// before. Cost: a descriptor, and a callback on the context; for a context that nothing can end the descriptor only.
class done_event {
 public:
  explicit done_event(const context& ctx);

  int fd() const noexcept;

 private:
  class descriptor;

  std::shared_ptr<descriptor> descriptor_; // the callback's, too: it may be running when this goes
  done_registration registration_;
};

} // namespace weir
