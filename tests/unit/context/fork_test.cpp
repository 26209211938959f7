// What a forked child may do with contexts. Not under sanitizers: GCC 12's do not survive a fork amid threads.
#include "weir/context.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

/// What the child's `function` returned, or -1 if it did not get that far in its time.
template <class Function>
int in_child(Function function) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    ::_exit(function());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("context: deadlines pass in a forked child, those that it inherited too", "[context]") {
  // The parent's timer thread is there, and waits.
  const auto far = weir::with_timeout(weir::background(), 1h);
  const auto inherited = weir::with_timeout(weir::background(), 5ms);
  const int result = in_child([&] {
    const auto own = weir::with_timeout(weir::background(), 1ms);
    const bool ended = own.ctx.wait() && inherited.ctx.wait();
    return ended && !far.ctx.done() ? 7 : 1;
  });
  CHECK(result == 7);
  CHECK(inherited.ctx.wait());
}

TEST_CASE("context: a child forked while other threads use deadlines and report failures can do so itself",
          "[context]") {
  std::atomic<bool> stop = false;
  weir::set_task_failure_handler([](const weir::task_failure&) {});
  std::thread busy([&] {
    while (!stop) {
      const auto each = weir::with_timeout(weir::background(), 1h);
      weir::set_task_failure_handler([](const weir::task_failure&) {});
    }
  });
  const auto error = std::make_exception_ptr(std::runtime_error("no space"));
  int well = 0;
  for (int round = 0; round < 100; ++round) {
    well += in_child([&] {
      weir::report_task_failure(weir::background(), "resize", error);
      return weir::with_timeout(weir::background(), 1ms).ctx.wait() ? 1 : 0;
    });
  }
  stop = true;
  busy.join();
  weir::set_task_failure_handler({});
  CHECK(well == 100);
}
