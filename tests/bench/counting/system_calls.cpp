#include "counting/system_calls.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bench {

namespace {

/// Returns the descriptor on which the kernel asks; from then on the calling thread stops at every system call.
int install_filter() {
  sock_filter ask_always[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
  const sock_fprog program{.len = 1, .filter = ask_always};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    throw std::system_error(errno, std::system_category(), "prctl(PR_SET_NO_NEW_PRIVS)");
  const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) throw std::system_error(errno, std::system_category(), "seccomp");
  return static_cast<int>(listener);
}

} // namespace

system_calls::~system_calls() {
  if (answering_.joinable()) answering_.join(); // it ends when the watched thread has ended
}

void system_calls::watch_this_thread() {
  // Started first: this thread could not start it any more.
  answering_ = std::thread([this] { answer(); });
  try {
    const int listener = install_filter();
    // release: pairs with the acquire in answer().
    listener_.store(listener, std::memory_order_release);
  } catch (...) {
    listener_.store(-2, std::memory_order_release);
    throw;
  }
}

void system_calls::answer() {
  // acquire: pairs with watch_this_thread(), which makes no system call in between and so cannot wake anybody.
  int listener = -1;
  while ((listener = listener_.load(std::memory_order_acquire)) == -1) std::this_thread::yield();
  if (listener < 0) return;
  for (;;) {
    pollfd asked{.fd = listener, .events = POLLIN, .revents = 0};
    if (::poll(&asked, 1, -1) < 0 && errno == EINTR) continue;
    if ((asked.revents & POLLIN) == 0) break; // hung up: the thread has ended
    seccomp_notif question{};
    if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0) continue;
    // relaxed: the watched thread stored it before it made this call.
    if (counting_.load(std::memory_order_relaxed)) ++counts_[question.data.nr];
    seccomp_notif_resp go_on{.id = question.id, .val = 0, .error = 0, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go_on);
  }
  ::close(listener);
}

void system_calls::begin_counting() noexcept {
  // relaxed: see answer(); a system call is a full exchange with the answering thread.
  counting_.store(true, std::memory_order_relaxed);
}

void system_calls::end_counting() noexcept {
  // relaxed: as above.
  counting_.store(false, std::memory_order_relaxed);
}

} // namespace bench
