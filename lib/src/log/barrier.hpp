// A memory barrier on all of the process's threads at once, paid by the caller alone.
#pragma once

namespace weir::detail {

/// When it returns true, every other thread of the process has passed a full memory barrier between this call's begin
/// and end: what a thread stored before that point is visible to the caller, and what it does after that point sees
/// what the caller stored before. False where the kernel lacks it or forbids it. Thread-safe. Cost: under a
/// microsecond to some microseconds (interrupts to the cores that run this process). Source: membarrier(2),
/// MEMBARRIER_CMD_PRIVATE_EXPEDITED, Linux 4.14.
bool process_wide_barrier() noexcept;

} // namespace weir::detail
