// The ways to wait that take something of the caller's: a condition variable, a descriptor, a stop token.
#include "weir/context.hpp"

#include <poll.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

bool is_readable(int fd, int limit_ms) {
  ::pollfd wanted{fd, POLLIN, 0};
  return ::poll(&wanted, 1, limit_ms) == 1 && (wanted.revents & POLLIN) != 0;
}

} // namespace

TEST_CASE("wait: returns when the predicate holds", "[context][concurrent]") {
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  std::thread other([&] {
    {
      const std::lock_guard hold(mutex);
      ready = true;
    }
    changed.notify_all();
  });
  {
    std::unique_lock hold(mutex);
    CHECK(weir::wait(ctx, changed, hold, [&] { return ready; }));
    CHECK(hold.owns_lock());
  }
  other.join();
  std::unique_lock hold(mutex);
  CHECK(weir::wait(weir::background(), changed, hold, [&] { return ready; }));
}

TEST_CASE("wait: returns when the context ends, before or meanwhile", "[context][concurrent]") {
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::mutex mutex;
  std::condition_variable changed;
  std::thread other([&end = cancel] { end(); });
  std::unique_lock hold(mutex);
  CHECK_FALSE(weir::wait(ctx, changed, hold, [] { return false; }));
  CHECK(hold.owns_lock());
  CHECK(ctx.done());
  CHECK_FALSE(weir::wait(ctx, changed, hold, [] { return false; }));
  CHECK(weir::wait(ctx, changed, hold, [] { return true; }));
  CHECK(hold.owns_lock());
  other.join();
}

TEST_CASE("wait: with a limit", "[context][concurrent]") {
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::mutex mutex;
  std::condition_variable changed;
  std::unique_lock hold(mutex);
  const auto soon = weir::context::clock::now() + 1ms;
  for (const auto& each : {ctx, weir::background()})
    CHECK_FALSE(weir::wait_until(each, changed, hold, soon, [] { return false; }));
  CHECK(weir::context::clock::now() >= soon);
  CHECK_FALSE(ctx.done());
  CHECK(hold.owns_lock());
}

TEST_CASE("wait: what the predicate throws leaves the mutex held and nothing registered", "[context]") {
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::mutex mutex;
  std::condition_variable changed;
  std::unique_lock hold(mutex);
  int asked = 0;
  CHECK_THROWS_AS(weir::wait(ctx, changed, hold,
                             [&]() -> bool {
                               if (++asked == 2) throw asked;
                               return false;
                             }),
                  int);
  CHECK(hold.owns_lock());
  cancel();
}

TEST_CASE("wait: a queue whose consumers are called off gives every item to one of them", "[context][concurrent]") {
  constexpr int items = 2000;
  for (int round = 0; round < 20; ++round) {
    const auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::atomic<int> taken{0};
    std::vector<std::thread> consumers;
    int left = 0;
    {
      // On this stack: nothing may refer to them once the consumers have returned.
      std::mutex mutex;
      std::condition_variable changed;
      std::deque<int> queue;
      for (int t = 0; t < 3; ++t)
        consumers.emplace_back([&, &ctx = ctx] {
          std::unique_lock hold(mutex);
          while (weir::wait(ctx, changed, hold, [&] { return !queue.empty(); })) {
            queue.pop_front();
            ++taken;
            if (ctx.done()) return;
          }
        });
      for (int i = 0; i < items; ++i) {
        {
          const std::lock_guard hold(mutex);
          queue.push_back(i);
        }
        changed.notify_one();
        if (i == items / 20 * round) cancel();
      }
      for (auto& each : consumers) each.join();
      left = static_cast<int>(queue.size());
    }
    CHECK(taken + left == items);
  }
}

TEST_CASE("done_event: its descriptor is readable once the context has ended, and stays so",
          "[context][concurrent]") {
  std::optional<weir::done_event> ended;
  {
    const auto [ctx, cancel] = weir::with_cancel(weir::background());
    ended.emplace(ctx);
    CHECK_FALSE(is_readable(ended->fd(), 0));
    std::thread other([&end = cancel] { end(); });
    CHECK(is_readable(ended->fd(), -1));
    other.join();
    CHECK(is_readable(weir::done_event(ctx).fd(), 0));
  }
  CHECK(is_readable(ended->fd(), 0));
  CHECK_FALSE(is_readable(weir::done_event(weir::background()).fd(), 0));
}

TEST_CASE("done_event: may go while its context is ending", "[context][concurrent]") {
  for (int round = 0; round < 500; ++round) {
    const auto [ctx, cancel] = weir::with_cancel(weir::background());
    std::optional<weir::done_event> ended(ctx);
    std::thread other([&end = cancel] { end(); });
    ended.reset();
    other.join();
  }
}

#if !defined(__SANITIZE_ADDRESS__) // the sanitizers look into memory by way of a pipe
TEST_CASE("done_event: says so when there are no descriptors left", "[context]") {
  ::rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  ::rlimit none = before;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  std::error_code code;
  try {
    const weir::done_event event(weir::background());
  } catch (const std::system_error& error) {
    code = error.code();
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(code == std::errc::too_many_files_open);
}
#endif

TEST_CASE("stop_token: ends a context, and what is below it, for the cause given", "[context]") {
  std::stop_source source;
  const auto asked = weir::with_stop_token(weir::background(), source.get_token());
  const auto told = weir::with_stop_token(weir::background(), source.get_token(),
                                          {weir::cancel_reason::shutdown, {}, "the service stops"});
  const auto [child, cancel_child] = weir::with_cancel(told.ctx);
  CHECK_FALSE(asked.ctx.done());
  source.request_stop();
  CHECK(asked.ctx.reason() == weir::cancel_reason::application);
  CHECK(asked.ctx.error() == weir::context_errc::canceled);
  CHECK(child.reason() == weir::cancel_reason::shutdown);
  CHECK(child.cause().text == "the service stops");
  // One that was asked already ends it at once; none at all never does.
  CHECK(weir::with_stop_token(weir::background(), source.get_token()).ctx.done());
  CHECK_FALSE(weir::with_stop_token(weir::background(), {}).ctx.done());
}

TEST_CASE("stop_token: a context under one ends with its parent and by its canceller as well", "[context]") {
  std::stop_source source;
  const auto parent = weir::with_timeout(weir::background(), 1h);
  const auto asked = weir::with_stop_token(parent.ctx, source.get_token());
  CHECK(asked.ctx.deadline() == parent.ctx.deadline());
  parent.cancel(weir::cancel_reason::client_closed);
  CHECK(asked.ctx.reason() == weir::cancel_reason::client_closed);
  source.request_stop();
  CHECK(asked.ctx.reason() == weir::cancel_reason::client_closed);
  {
    std::stop_source other;
    const auto own = weir::with_stop_token(weir::background(), other.get_token());
    own.cancel();
    CHECK(own.ctx.done());
    CHECK_FALSE(other.stop_requested());
  }
}

TEST_CASE("stop_token: may be asked while the context is dropped, and by a callback of its own",
          "[context][concurrent]") {
  for (int round = 0; round < 500; ++round) {
    std::stop_source source;
    std::optional<weir::cancellable> made(weir::with_stop_token(weir::background(), source.get_token()));
    made->cancel.release();
    std::thread other([&] { source.request_stop(); });
    made.reset();
    other.join();
  }
  std::stop_source source;
  auto made = std::make_unique<weir::cancellable>(weir::with_stop_token(weir::background(), source.get_token()));
  made->ctx.on_done([&] { made.reset(); }).detach();
  source.request_stop();
  CHECK(made == nullptr);
}

TEST_CASE("stop_token: a jthread works under contexts", "[context][concurrent]") {
  weir::cancel_reason seen{};
  {
    std::jthread thread([&seen](std::stop_token stop) {
      const auto [ctx, cancel] = weir::with_stop_token(weir::background(), std::move(stop));
      ctx.wait();
      seen = ctx.reason();
    });
  }
  CHECK(seen == weir::cancel_reason::application);
}
