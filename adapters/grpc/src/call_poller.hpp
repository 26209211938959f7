// Asks gRPC, again and again, whether the callers of synchronous methods are still there.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace weir::detail {

/// A synchronous method's call, which runs.
class polled_call {
 public:
  /// Asks gRPC whether the caller has gone, and tells whoever wants to know. Returns whether there is no more to be
  /// learned. On the poller's thread.
  virtual bool ask() noexcept = 0;

 protected:
  ~polled_call() = default;
};

/// One thread a server, which sleeps while nobody is to be asked after.
///
/// Thread safety: thread-safe. Errors: the constructor throws std::system_error.
class call_poller {
 public:
  call_poller();
  ~call_poller();
  call_poller(const call_poller&) = delete;
  call_poller& operator=(const call_poller&) = delete;

  /// `call` is asked until it is removed, or has no more to tell. Errors: std::bad_alloc.
  void add(polled_call& call);
  /// `call` is not asked any more when this returns. Nothing happens if it was not added.
  void remove(const polled_call& call) noexcept;

 private:
  void run() noexcept;
  void ask_all(std::unique_lock<std::mutex>& hold) noexcept;

  std::mutex mutex_;
  std::list<polled_call*> calls_;
  polled_call* asked_ = nullptr; // at this moment, without the lock
  bool stopping_ = false;
  std::condition_variable changed_, answered_;
  std::thread thread_;
};

} // namespace weir::detail
