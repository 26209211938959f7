// What the calling thread has asked of the C library since it began to count.
#pragma once

#include <cstdint>

namespace bench {

/// Counted by functions that stand in front of the C library's own (thread_events.cpp), in every program that is
/// linked with it and for every library in that program.
struct thread_events {
  std::uint64_t allocations = 0; ///< malloc, calloc, realloc and their aligned kin; operator new comes to these
  std::uint64_t locks = 0;       ///< pthread_mutex_lock and its timed and trying kin, read-write locks, waits
};
inline constinit thread_local thread_events events_of_this_thread;

} // namespace bench
