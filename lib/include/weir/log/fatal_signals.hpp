// Crashes: what was logged before one is written first, and the crash stays what it was.
#pragma once

#include <chrono>

namespace weir {

/// How a crash is met. A value outside its range throws std::invalid_argument naming it.
struct fatal_signal_options {
  /// How long the crashing thread waits for the streams at most; 1 ms to 1 min, default 1 s. Usually it is a
  /// millisecond. A longer one has more written where a sink is slow; the program's restart waits for it.
  std::chrono::milliseconds limit{1000};
};

/// From now on a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, from a fault, abort() or kill(2)) has all
/// open streams write what was logged before it and flush their sinks. Then the same signal goes, with its original
/// context, to the handler that was installed before, or takes its default action: exit status and core dump are
/// those of the crash. A record that the crashing thread was writing is lost, and holds up no other.
///
/// Not waited for is the stream whose own backend crashes, as in a sink or a formatter; the others are. Of threads
/// that crash at the same time one goes first, the others wait for it. After fork(2) a child's crash is passed on at
/// once, unless it calls this again. SIGTERM and SIGINT are the program's own: it handles them, and ends by exit(),
/// which flushes. Nothing runs on SIGKILL: what has been handed to the kernel by then is in the file, see
/// log_options::flush_at and log_stream::sync(). A runtime that uses such a signal for its own ends must be started
/// first, and sees the signal from its second time on without us.
///
/// To be called once, after other crash reporters are installed; later calls change the limit only. The handlers run
/// on the alternate signal stack where a thread has one; the calling thread is given one if it has none, others get
/// it by alternate_signal_stack: without it, a stack overflow ends the process before anything can run. Errors:
/// throws std::system_error if there are no descriptors (two) or no thread (one, asleep) to be had, std::bad_alloc
/// without memory for the stack. Thread-safe. Cost at log statements: none.
void flush_on_fatal_signals(fatal_signal_options options = {});

/// Gives its thread an alternate signal stack (64 KiB and a guard page) for as long as it lives, so that a stack
/// overflow can be handled; nothing if the thread has one already. To be made and destroyed by the same thread.
/// Throws std::bad_alloc.
class alternate_signal_stack {
 public:
  alternate_signal_stack();
  ~alternate_signal_stack();
  alternate_signal_stack(const alternate_signal_stack&) = delete;
  alternate_signal_stack& operator=(const alternate_signal_stack&) = delete;

 private:
  void* mapping_ = nullptr;
};

} // namespace weir
