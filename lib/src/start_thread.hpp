// The library's own threads: named, and none of the program's signals' business but for their own faults.
#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

namespace weir::detail {

/// While it lives, threads that this one starts begin with all signals blocked, so that handlers run on the program's
/// own threads. Open are only those of faults, which would otherwise end the process past the program's crash
/// reporter.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) ::sigdelset(&all, fault);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

/// A thread that runs `function` with signals blocked as above. `name`: a literal of at most 15 characters. Throws
/// std::system_error if there is no thread to be had.
template <class Function>
std::thread start_thread(const char* name, Function function) {
  const signals_blocked in_the_new_one;
  return std::thread([name, function = std::move(function)]() mutable {
    ::pthread_setname_np(::pthread_self(), name);
    function();
  });
}

} // namespace weir::detail
