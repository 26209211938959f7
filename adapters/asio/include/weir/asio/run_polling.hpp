// Running an io_context by a thread that stays awake between two events that are close together.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>

namespace weir {

/// Runs `io` as its run() does, but before the thread sleeps it looks for work, again and again, until `busy_time`
/// has passed since the last. What comes in that time does not wait for the thread to be woken, which takes some tens
/// of µs where the processor has gone to rest; each look is a system call, and the processor is busy with that. It
/// pays where answers are waited for one by one and there are processors to spare. 0 and less: the same as run().
/// Returns how many handlers it has run. Errors: what a handler throws; may be called again then, as run(). Thread
/// safety: as run(). Best with an `io` for each thread: of several that run one, the first to sleep does the waiting
/// for all, and the others look in vain.
inline std::size_t run_polling(boost::asio::io_context& io, std::chrono::steady_clock::duration busy_time) {
  if (busy_time <= busy_time.zero()) return io.run();
  using clock = std::chrono::steady_clock;
  std::size_t all = 0;
  for (;;) {
    for (clock::time_point last = clock::now(); clock::now() - last < busy_time;) {
      const std::size_t ran = io.poll();
      all += ran;
      if (io.stopped()) return all; // by stop(), or as there is nothing left to wait for
      if (ran != 0) last = clock::now();
    }
    if (io.run_one() == 0) return all;
    ++all;
  }
}

} // namespace weir
