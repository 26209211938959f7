#include "weir/log/reopen.hpp"

#include "log/reopen.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <stdexcept>

namespace weir {

namespace {

std::atomic<unsigned> requests{0};
static_assert(std::atomic<unsigned>::is_always_lock_free, "a signal handler may not lock");

std::mutex installing;
std::array<struct sigaction, NSIG> replaced{};                 // written before the pointer below is
std::array<std::atomic<const struct sigaction*>, NSIG> next{}; // what a signal's handler goes on to

extern "C" void reopen_and_go_on(int signal, siginfo_t* info, void* context) {
  const int saved = errno;
  reopen_log_files();
  // acquire: pairs with the release in reopen_log_files_on().
  const struct sigaction* before = next[static_cast<std::size_t>(signal)].load(std::memory_order_acquire);
  errno = saved;
  if (before == nullptr) return;
  if ((before->sa_flags & SA_SIGINFO) != 0)
    before->sa_sigaction(signal, info, context);
  else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
    before->sa_handler(signal);
}

bool is_ours(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == &reopen_and_go_on;
}

bool has_handler(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

void refuse(int signal, std::string_view why) {
  throw std::invalid_argument(fmt::format("reopen_log_files_on: signal {} {}", signal, why));
}

} // namespace

void reopen_log_files() noexcept {
  // relaxed: who logs after this call publishes its record later, and the backend sees both.
  requests.fetch_add(1, std::memory_order_relaxed);
}

unsigned detail::reopen_requests() noexcept {
  // relaxed: as above.
  return requests.load(std::memory_order_relaxed);
}

void reopen_log_files_on(int signal) {
  if (signal < 1 || signal >= NSIG) refuse(signal, "is none");
  if (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGABRT)
    refuse(signal, "means a fault of the program");
  const std::lock_guard lock(installing);
  struct sigaction before {};
  if (::sigaction(signal, nullptr, &before) != 0) refuse(signal, "cannot be handled");
  if (is_ours(before)) return;
  const auto index = static_cast<std::size_t>(signal);
  // relaxed: only this function, under its lock, writes it. The newer handler may well go on to ours; to go on to
  // that one would be a circle.
  if (next[index].load(std::memory_order_relaxed) != nullptr)
    throw std::logic_error(fmt::format("reopen_log_files_on: signal {} has got another handler since", signal));
  struct sigaction ours {};
  // What the program's own handler asked for holds for its call, too; without one, interrupted system calls go on.
  if (has_handler(before)) {
    ours.sa_mask = before.sa_mask;
    ours.sa_flags = static_cast<int>(static_cast<unsigned>(before.sa_flags) & ~unsigned{SA_RESETHAND});
  } else {
    ::sigemptyset(&ours.sa_mask);
    ours.sa_flags = SA_RESTART | SA_ONSTACK;
  }
  ours.sa_flags |= SA_SIGINFO;
  ours.sa_sigaction = &reopen_and_go_on;
  replaced[index] = before;
  // release: pairs with the acquire in the handler, which may run as soon as it is installed.
  next[index].store(&replaced[index], std::memory_order_release);
  if (::sigaction(signal, &ours, nullptr) != 0) refuse(signal, "cannot be handled");
}

} // namespace weir
