// Asks gRPC, again and again, whether the callers of synchronous methods are still there.
#pragma once

#include <grpcpp/server_context.h>

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace weir::detail {

/// One thread a server, which sleeps while nobody is to be asked after. gRPC answers with the interceptor's
/// POST_RECV_CLOSE, on that thread.
///
/// Thread safety: thread-safe. Errors: the constructor throws std::system_error.
class call_poller {
 public:
  call_poller();
  ~call_poller();
  call_poller(const call_poller&) = delete;
  call_poller& operator=(const call_poller&) = delete;

  /// `call` is that of a synchronous method, which runs. Errors: std::bad_alloc.
  void add(const grpc::ServerContextBase& call);
  /// `call` is not asked after when this returns. Nothing happens if it was not added.
  void remove(const grpc::ServerContextBase& call) noexcept;

 private:
  void run() noexcept;
  void ask_all(std::unique_lock<std::mutex>& hold) noexcept;

  std::mutex mutex_;
  std::list<const grpc::ServerContextBase*> calls_;
  const grpc::ServerContextBase* asked_ = nullptr; // at this moment, without the lock
  bool stopping_ = false;
  std::condition_variable changed_, answered_;
  std::thread thread_;
};

} // namespace weir::detail
