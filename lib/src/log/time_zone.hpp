// The process's time zone.
#pragma once

#include <ctime>
#include <mutex>

namespace weir::detail {

/// Has localtime_r(3) know the zone from now on: after a later chroot(2) there may be no zones to read. Thread-safe
/// as tzset(3) is; but its lock is not seen by ThreadSanitizer, which reports two threads that are in it. Ours is.
inline void load_time_zone() {
  static constinit std::mutex in_tzset;
  const std::lock_guard lock(in_tzset);
  ::tzset();
}

} // namespace weir::detail
