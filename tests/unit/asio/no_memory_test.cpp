// What is left of a gather() when memory runs out amid it. Not under sanitizers,
// which replace malloc themselves.
#include "weir/asio/gather.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

#include "../context/failures.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <catch2/catch.hpp>

namespace net = boost::asio;

namespace {

/// This thread's allocations until one fails; never, if negative.
constinit thread_local long allocations_left = -1;

void* allocate(std::size_t bytes) {
  if (allocations_left >= 0 && allocations_left-- == 0) throw std::bad_alloc();
  if (void* const made = std::malloc(bytes)) return made;
  throw std::bad_alloc();
}

/// What runs, and what was running when the frame that it refers to went.
struct running_tasks {
  int now = 0, at_end = 0;
};

/// Goes on for a while, even when it is called off.
net::awaitable<std::string> go_on(int turns, running_tasks& tasks) {
  ++tasks.now;
  co_await net::this_coro::reset_cancellation_state(net::disable_cancellation());
  const auto executor = co_await net::this_coro::executor;
  for (int i = 0; i < turns; ++i) {
    auto turn = net::post(executor, net::deferred);
    co_await std::move(turn)(net::use_awaitable);
  }
  --tasks.now;
  co_return std::string(40, 'x');
}

net::awaitable<void> gather_two(running_tasks& tasks) {
  struct at_end {
    running_tasks& tasks;
    ~at_end() { tasks.at_end = tasks.now; }
  };
  const at_end frame{tasks};
  auto both = weir::gather(weir::background(), go_on(5, tasks), go_on(9, tasks));
  const auto [one, other] = co_await std::move(both);
}

/// Until there is nothing more to be done; what is thrown out of it ends one function only.
void run_all(net::io_context& io) {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::bad_alloc&) {
    }
  }
}

} // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void operator delete(void* gone) noexcept { std::free(gone); }
void operator delete(void* gone, std::size_t) noexcept { std::free(gone); }

// It used to leave the wait, and the frame that the tasks refer to, while they ran.
TEST_CASE("gather: wherever memory runs out, no task outlives who waits for it", "[asio]") {
  const weir_test::failure_log log;
  int left_behind = 0;
  bool failed = true;
  for (long number = 0; failed && number < 1000; ++number) {
    running_tasks tasks;
    net::io_context io;
    net::co_spawn(io, gather_two(tasks), net::detached);
    allocations_left = number;
    run_all(io);
    failed = allocations_left < 0;
    allocations_left = -1;
    left_behind += tasks.at_end;
  }
  CHECK_FALSE(failed); // the last had all it asked for
  CHECK(left_behind == 0);
}
