// Deadlines where there is no thread to be had for them; in a child, which has no timer thread yet. Not under
// sanitizers: GCC 12's do not survive a fork amid threads, nor a limit of the address space.
#include "weir/context.hpp"

#include "in_child.hpp"

#include <chrono>
#include <cstddef>
#include <fstream>
#include <system_error>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::cancel_reason;
using weir_test::in_child;

namespace {

constexpr weir::correlation old_ids{1, 2, 3}, new_ids{4, 5, 6};

/// While it lives a thread's stack has no room in the address space; all else has.
class no_threads {
 public:
  no_threads() {
    constexpr std::size_t stack_bytes = std::size_t{1} << 30; // none that is kept of a former thread will do
    ::pthread_attr_init(&attributes_);
    ::pthread_attr_getstacksize(&attributes_, &stack_bytes_);
    ::pthread_attr_setstacksize(&attributes_, stack_bytes);
    ::pthread_setattr_default_np(&attributes_);
    ::getrlimit(RLIMIT_AS, &before_);
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit tight = before_;
    tight.rlim_cur = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (std::size_t{256} << 20);
    ::setrlimit(RLIMIT_AS, &tight);
  }
  no_threads(const no_threads&) = delete;
  no_threads& operator=(const no_threads&) = delete;
  ~no_threads() {
    ::setrlimit(RLIMIT_AS, &before_);
    ::pthread_attr_setstacksize(&attributes_, stack_bytes_);
    ::pthread_setattr_default_np(&attributes_);
    ::pthread_attr_destroy(&attributes_);
  }

 private:
  pthread_attr_t attributes_;
  std::size_t stack_bytes_ = 0;
  rlimit before_{};
};

/// Whether `function` says that there is no thread.
template <class Function>
bool is_refused(Function function) {
  try {
    function();
  } catch (const std::system_error& error) {
    return error.code() == std::errc::resource_unavailable_try_again;
  }
  return false;
}

weir::context_limit limit_in(weir::context::duration time) {
  const auto now = weir::context::clock::now();
  return {.deadline = now + time, .reason = cancel_reason::timeout, .now = now};
}

} // namespace

TEST_CASE("with_deadline: says that there is no thread, ends nothing else, and gets one later", "[context]") {
  const int result = in_child([] {
    const auto parent = weir::with_cancel(weir::background());
    {
      const no_threads limit;
      for (int i = 0; i < 3; ++i)
        if (!is_refused([&] { static_cast<void>(weir::with_timeout(parent.ctx, 1h)); })) return 1;
      // These need none.
      if (!weir::with_timeout(parent.ctx, 0s).ctx.done()) return 2;
      if (weir::with_deadline(parent.ctx, weir::context::time_point::max()).ctx.done()) return 3;
    }
    if (parent.ctx.done()) return 4;
    const auto made = weir::with_timeout(parent.ctx, 1ms);
    if (!made.ctx.wait() || made.ctx.reason() != cancel_reason::timeout) return 5;
    parent.cancel();
    return 7;
  });
  CHECK(result == 7);
}

TEST_CASE("renew: where there is no thread for its limit a context is what it was", "[context][renew]") {
  const int result = in_child([] {
    const auto parent = weir::with_cancel(weir::background());
    weir::cancellable made = weir::with_cancel(parent.ctx, old_ids);
    {
      const no_threads limit;
      if (!is_refused([&] { weir::renew(made, parent.ctx, new_ids, limit_in(1h)); })) return 1;
      if (made.ctx.done() || *made.ctx.ids() != old_ids || made.ctx.deadline()) return 2;
      weir::renew(made, parent.ctx, new_ids); // without one it goes on
      if (made.ctx.done() || *made.ctx.ids() != new_ids) return 3;
    }
    weir::renew(made, parent.ctx, old_ids, limit_in(1ms));
    return made.ctx.wait() && made.ctx.reason() == cancel_reason::timeout && !parent.ctx.done() ? 7 : 4;
  });
  CHECK(result == 7);
}

TEST_CASE("renew: one with room for a limit ends where there is no thread for the next, and begins again later",
          "[context][renew]") {
  const bool retired = GENERATE(true, false);
  const auto parent = weir::with_cancel(weir::background());
  weir::cancellable made;
  weir::renew(made, parent.ctx, old_ids, limit_in(1h)); // by a thread that a forked child does not have
  const int result = in_child([&] {
    retired ? weir::retire(made) : made.cancel();
    {
      const no_threads limit;
      if (!is_refused([&] { weir::renew(made, parent.ctx, new_ids, limit_in(1h)); })) return 1;
      if (!made.ctx.done()) return 2;
    }
    weir::renew(made, parent.ctx, new_ids, limit_in(1ms));
    if (*made.ctx.ids() != new_ids || !made.ctx.wait()) return 3;
    if (made.ctx.reason() != cancel_reason::timeout) return 4;
    weir::renew(made, parent.ctx, old_ids, limit_in(1h));
    if (made.ctx.done()) return 5;
    parent.cancel(cancel_reason::shutdown);
    return made.ctx.reason() == cancel_reason::shutdown ? 7 : 6;
  });
  CHECK(result == 7);
}
