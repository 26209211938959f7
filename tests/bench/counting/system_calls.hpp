// Counts every system call that one thread makes, and lets it make it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <thread>

namespace bench {

/// The kernel stops the watched thread at each system call and asks this object's own thread, which counts and
/// answers "go on" (seccomp(2), SECCOMP_RET_USER_NOTIF; Linux 5.5). Nothing can slip by: the filter lets no call
/// through unasked.
class system_calls {
 public:
  system_calls() = default;
  system_calls(const system_calls&) = delete;
  system_calls& operator=(const system_calls&) = delete;
  /// To be destroyed after the watched thread has ended.
  ~system_calls();

  /// Watches the calling thread from now until it ends: a filter cannot be taken off again. Errors: std::system_error
  /// if the kernel does not have this or forbids it; nothing is watched then.
  void watch_this_thread();

  /// Only calls between these two are counted; to be called by the watched thread.
  void begin_counting() noexcept;
  void end_counting() noexcept;
  /// How often each system call was made, by its number. After end_counting().
  const std::map<int, std::uint64_t>& counts() const noexcept { return counts_; }

 private:
  void answer();

  std::atomic<int> listener_{-1};
  std::atomic<bool> counting_{false};
  std::map<int, std::uint64_t> counts_;
  std::thread answering_;
};

} // namespace bench
