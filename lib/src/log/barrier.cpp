#include "log/barrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace weir::detail {

bool process_wide_barrier() noexcept {
  // Not a static object with a guard: one that another thread has begun to make would be waited for by a forked
  // child.
  enum answer : int { not_asked, granted, refused };
  static constinit std::atomic<answer> registration{not_asked};
  // relaxed, both: to register twice does no harm.
  answer registered = registration.load(std::memory_order_relaxed);
  if (registered == not_asked) {
    registered = ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0 ? granted : refused;
    // relaxed: as above.
    registration.store(registered, std::memory_order_relaxed);
  }
  return registered == granted && ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

} // namespace weir::detail
