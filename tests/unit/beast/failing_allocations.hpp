// For tests: memory that runs out at one certain allocation of one thread. The program's malloc asks for that:
// allocation_test.cpp.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstring>

namespace weir_test {

/// One at a time. What fails is told by end(): one allocation, on one thread.
class failing_allocations {
 public:
  /// The thread's allocation with this number from now on, from 0.
  void on_this_thread(long number) {
    ::pthread_setname_np(::pthread_self(), "failing");
    on_threads_named("failing", number);
  }
  void on_threads_named(const char* name, long number) {
    name_ = name;
    has_failed_ = false;
    left_ = number;
    is_on_ = true;
  }
  /// Whether one has failed.
  bool end() {
    is_on_ = false;
    return has_failed_;
  }
  ~failing_allocations() { end(); }

  static bool next_fails() noexcept {
    if (!is_on_) return false;
    char name[16] = "";
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    if (std::strcmp(name, name_) != 0 || left_-- != 0) return false;
    has_failed_ = true;
    return true;
  }

 private:
  static constinit inline std::atomic<bool> is_on_{false}, has_failed_{false};
  static constinit inline std::atomic<const char*> name_{""};
  static constinit inline std::atomic<long> left_{0};
};

} // namespace weir_test
