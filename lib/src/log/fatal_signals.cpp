// A crash's way: handler ──► watcher thread ──► every stream's backend ──► handler ──► who had the signal before.
//
// The handler may do next to nothing: it writes to a descriptor and waits at another. The watcher, a thread like any
// other, asks the backends for a flush; the last of them to answer writes to the descriptor at which the handler
// waits. If a lock that one of them needs is held by the crashing thread, or if the heap is broken, the limit passes
// and the crash takes its course.
#include "weir/log/fatal_signals.hpp"

#include "log/crash.hpp"
#include "log/fork.hpp"
#include "log/option_check.hpp"
#include "log/stream_core.hpp"
#include "start_thread.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

namespace weir {

namespace {

using detail::crashing_thread;

constexpr std::array<int, 6> fatal_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

// Without destructors: a crash may come at any time. `former` is written before there are handlers.
constinit std::array<struct sigaction, fatal_signals.size()> former{};
constinit std::atomic<std::int64_t> limit_ms{0};
// The one that the watcher is a thread of: no child, be it one that shares this memory, or has the same pid
// elsewhere.
constinit std::atomic<::pid_t> watched_process{0};
constinit std::atomic<std::uint32_t> watched_fork{0};
constinit std::atomic<::pthread_t> watcher{0};
constinit std::atomic<int> alarms{-1}, answers{-1}; // eventfd(2)
constinit std::atomic<std::uint32_t> crashes{0};    // the last one's number
constinit std::atomic<std::uint32_t> answered{0};   // the number of the last one that all streams have answered

static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<::pid_t>::is_always_lock_free);

/// Async-signal-safe.
void ring(const std::atomic<int>& descriptor) noexcept {
  const std::uint64_t one = 1;
  // relaxed: published with watched_process. A full counter has been rung.
  [[maybe_unused]] const auto ignored = ::write(descriptor.load(std::memory_order_relaxed), &one, sizeof one);
}

// The watcher's side.

/// How many streams have not answered a crash yet.
class roll_call {
 public:
  explicit roll_call(std::uint32_t crash) noexcept : crash_(crash) {}
  ~roll_call() {
    // relaxed: a late answer to an earlier crash is none to this one.
    if (crashes.load(std::memory_order_relaxed) != crash_) return;
    // release: pairs with the acquire in await_streams(); the lines are written.
    answered.store(crash_, std::memory_order_release);
    ring(answers);
  }
  roll_call(const roll_call&) = delete;
  roll_call& operator=(const roll_call&) = delete;

 private:
  const std::uint32_t crash_;
};

/// The last one to go ends the roll call.
class last_flush final : public detail::flush_request {
 public:
  last_flush(const detail::stream_core& core, std::shared_ptr<roll_call> all)
      : flush_request(false, core.totals()), all_(std::move(all)) {}
  void answer(const flush_result&) override { all_.reset(); }

 private:
  std::shared_ptr<roll_call> all_;
};

void flush_all_streams() {
  // acquire: pairs with the release in the handler; the thread that crashes is known.
  const auto all = std::make_shared<roll_call>(crashes.load(std::memory_order_acquire));
  detail::fork_guard::for_each_stream([&](detail::stream_core& core) {
    // relaxed, both: a thread's own id is in the one before it can be in the other.
    const auto backend = core.backend_thread.load(std::memory_order_relaxed);
    const ::pthread_t crashing = crashing_thread.load(std::memory_order_relaxed);
    if (backend == std::thread::id(crashing)) return; // it will answer no more
    if (core.flushes.add(std::make_shared<last_flush>(core, all))) core.bell.ring();
  });
}

void watch(int descriptor) noexcept {
  for (;;) {
    std::uint64_t rings = 0;
    if (::read(descriptor, &rings, sizeof rings) < 0 && errno != EINTR) return; // somebody has closed it
    if (rings == 0) continue;
    try {
      flush_all_streams();
    } catch (const std::exception&) { // no memory: whoever has been asked has been
    }
  }
}

// The handler's side: async-signal-safe, all of it.

std::int64_t now_ms() noexcept {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// Sleeps until `descriptor` (-1: none) is rung, or for the time that is left; false when that is none.
bool sleep_until(std::int64_t deadline_ms, int descriptor) noexcept {
  const std::int64_t left = deadline_ms - now_ms();
  if (left <= 0) return false;
  ::pollfd ringing{.fd = descriptor, .events = POLLIN, .revents = 0};
  ::poll(&ringing, 1, static_cast<int>(descriptor < 0 ? 1 : left));
  if ((ringing.revents & POLLIN) == 0) return (ringing.revents == 0); // closed by somebody: nobody will ring
  std::uint64_t rings = 0;
  [[maybe_unused]] const auto ignored = ::read(descriptor, &rings, sizeof rings);
  return true;
}

void await_streams(std::int64_t deadline_ms) noexcept {
  // release: pairs with the acquire in flush_all_streams(), which looks for the crashing thread.
  const std::uint32_t mine = crashes.fetch_add(1, std::memory_order_release) + 1;
  ring(alarms);
  // acquire: pairs with the release in roll_call. relaxed: as in ring().
  while (answered.load(std::memory_order_acquire) != mine)
    if (!sleep_until(deadline_ms, answers.load(std::memory_order_relaxed))) return;
}

/// A forked child has no watcher.
bool is_watched() noexcept {
  // acquire: pairs with the release in start_watcher(). relaxed: published by that, too.
  return watched_process.load(std::memory_order_acquire) == ::getpid() &&
         watched_fork.load(std::memory_order_relaxed) == detail::fork_count();
}

/// One thread at a time: the others wait, and find nothing left to be written, if they ever come to it.
void flush_streams() noexcept {
  if (!is_watched()) return;
  const ::pthread_t me = ::pthread_self();
  // relaxed, both: the limit orders nothing, and the watcher is known by the above.
  if (me == watcher.load(std::memory_order_relaxed)) return;
  const std::int64_t limit = limit_ms.load(std::memory_order_relaxed);
  std::int64_t deadline = now_ms() + 2 * limit; // the one before may take one
  ::pthread_t nobody = 0;
  // acquire: pairs with the release at the end; what one crash has done is done for the next.
  while (!crashing_thread.compare_exchange_weak(nobody, me, std::memory_order_acquire, std::memory_order_relaxed)) {
    if (!sleep_until(deadline, -1)) return;
    nobody = 0;
  }
  await_streams(now_ms() + limit);
  // release: pairs with the acquire above, in the thread that is next.
  crashing_thread.store(0, std::memory_order_release);
}

/// Gives the signal back to whom it was before us: it is sent once more, with all that came with it, and arrives when
/// this handler, which blocks it, returns to the place of the crash.
void pass_on(int signal, const ::siginfo_t& info) noexcept {
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    if (fatal_signals[i] == signal) ::sigaction(signal, &former[i], nullptr);
  const auto thread = static_cast<::pid_t>(::syscall(SYS_gettid));
  if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), thread, signal, &info) != 0)
    ::syscall(SYS_tgkill, ::getpid(), thread, signal); // a sandbox forbids the better one
}

void on_fatal_signal(int signal, ::siginfo_t* info, void*) noexcept {
  const int saved = errno;
  flush_streams();
  pass_on(signal, *info);
  errno = saved;
}

// Setting up.

int new_event() {
  const int made = ::eventfd(0, EFD_CLOEXEC);
  if (made < 0) throw std::system_error(errno, std::generic_category(), "flush_on_fatal_signals: eventfd");
  return made;
}

/// The descriptors stay open with the watcher, for as long as the process lives; a forked child gets its own.
void start_watcher() {
  const int to_watcher = new_event();
  int from_watcher = -1;
  try {
    from_watcher = new_event();
    auto thread = detail::start_thread("weir-crash", [to_watcher] { watch(to_watcher); });
    // relaxed, here and below: published by the last one.
    watcher.store(thread.native_handle(), std::memory_order_relaxed);
    thread.detach();
  } catch (...) {
    if (from_watcher >= 0) ::close(from_watcher);
    ::close(to_watcher);
    throw;
  }
  // relaxed, all four: as above.
  alarms.store(to_watcher, std::memory_order_relaxed);
  answers.store(from_watcher, std::memory_order_relaxed);
  crashing_thread.store(0, std::memory_order_relaxed); // whoever it was stayed in the parent
  watched_fork.store(detail::fork_count(), std::memory_order_relaxed);
  // release: pairs with the acquire in is_watched(); all of the above is there.
  watched_process.store(::getpid(), std::memory_order_release);
}

void install_handlers() noexcept {
  struct sigaction ours {};
  ours.sa_sigaction = on_fatal_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&ours.sa_mask);
  // First all that there are, so that a handler that runs finds its predecessor.
  for (std::size_t i = 0; i < fatal_signals.size(); ++i) ::sigaction(fatal_signals[i], nullptr, &former[i]);
  for (const int signal : fatal_signals) ::sigaction(signal, &ours, nullptr);
}

} // namespace

void flush_on_fatal_signals(fatal_signal_options options) {
  detail::check_option<std::int64_t>("fatal_signal_options.limit (ms)", options.limit.count(), 1, 60'000);
  thread_local const alternate_signal_stack stack;
  static constinit std::mutex setting_up;
  static constinit bool is_installed = false;
  const std::lock_guard lock(setting_up);
  // relaxed: the limit orders nothing.
  limit_ms.store(options.limit.count(), std::memory_order_relaxed);
  if (!is_watched()) start_watcher();
  if (!is_installed) install_handlers();
  is_installed = true;
}

namespace {
constexpr std::size_t signal_stack_bytes = std::size_t{64} << 10;
constexpr std::size_t guard_bytes = 4096;
} // namespace

alternate_signal_stack::alternate_signal_stack() {
  ::stack_t present{};
  if (::sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
  void* const block = ::mmap(nullptr, guard_bytes + signal_stack_bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (block == MAP_FAILED) throw std::bad_alloc();
  ::mprotect(block, guard_bytes, PROT_NONE);
  const ::stack_t ours{
      .ss_sp = static_cast<char*>(block) + guard_bytes, .ss_flags = 0, .ss_size = signal_stack_bytes};
  ::sigaltstack(&ours, nullptr);
  mapping_ = block;
}

alternate_signal_stack::~alternate_signal_stack() {
  if (mapping_ == nullptr) return;
  ::stack_t present{};
  // Whoever has given the thread another one meanwhile keeps that.
  if (::sigaltstack(nullptr, &present) == 0 && present.ss_sp == static_cast<char*>(mapping_) + guard_bytes) {
    const ::stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = signal_stack_bytes};
    ::sigaltstack(&none, nullptr);
  }
  ::munmap(mapping_, guard_bytes + signal_stack_bytes);
}

} // namespace weir
