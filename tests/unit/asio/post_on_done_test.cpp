// What is posted to an executor when a context ends, for one context after the other.
#include "weir/asio/post_on_done.hpp"
#include "weir/context.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/require.hpp>

#include <catch2/catch.hpp>

namespace net = boost::asio;

namespace {

struct count {
  int* calls;
  void operator()() const { ++*calls; }
};

using counting = weir::detail::post_on_done<net::io_context::executor_type, count>;

/// Has a token as long as one of its copies lives.
struct marked_executor {
  net::io_context* io;
  std::shared_ptr<int> token;

  template <typename Function>
  void execute(Function function) const {
    net::require(io->get_executor(), net::execution::blocking.never).execute(std::move(function));
  }
  marked_executor require(net::execution::blocking_t::never_t) const { return *this; }
  net::execution_context& query(net::execution::context_t) const noexcept { return *io; }
  friend bool operator==(const marked_executor& a, const marked_executor& b) noexcept { return a.io == b.io; }
  friend bool operator!=(const marked_executor& a, const marked_executor& b) noexcept { return a.io != b.io; }
};

/// Runs what has been posted; returns how many functions that were, passed over ones too.
std::size_t run(net::io_context& io) {
  io.restart();
  return io.poll();
}

} // namespace

TEST_CASE("post_on_done: it waits for one context after the other", "[asio]") {
  net::io_context io;
  int calls = 0;
  counting waits(io.get_executor(), {&calls});
  for (int i = 1; i <= 3; ++i) {
    const weir::cancellable made = weir::with_cancel(weir::background());
    waits.begin(made.ctx);
    made.cancel();
    CHECK(calls == i - 1);
    run(io);
    CHECK(calls == i);
    waits.end();
  }
}

TEST_CASE("post_on_done: an end that comes too late, or was passed over, calls nothing", "[asio]") {
  net::io_context io;
  int calls = 0;
  {
    counting waits(io.get_executor(), {&calls});
    const weir::cancellable early = weir::with_cancel(weir::background());
    waits.begin(early.ctx);
    waits.end();
    early.cancel();
    CHECK(run(io) == 0);

    const weir::cancellable posted = weir::with_cancel(weir::background());
    waits.begin(posted.ctx);
    posted.cancel();
    waits.end();
    const weir::cancellable next = weir::with_cancel(weir::background());
    waits.begin(next.ctx);
    CHECK(run(io) == 1);
    CHECK(calls == 0);
    next.cancel();
    CHECK(run(io) == 1);
    CHECK(calls == 1);
    waits.end();
    waits.begin(posted.ctx); // done already: told all the same
    next.cancel();
  }
  run(io);
  CHECK(calls == 1);
}

TEST_CASE("post_on_done: the execution context may go while a context ends on another thread", "[asio][concurrent]") {
  for (int round = 0; round < 500; ++round) {
    const weir::cancellable made = weir::with_cancel(weir::background());
    std::atomic<bool> go = false;
    const std::jthread canceller([&] {
      // acquire: pairs with the release below; it waits for nothing but to be as late.
      while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
      made.cancel();
    });
    int calls = 0;
    net::io_context io;
    counting waits(io.get_executor(), {&calls});
    waits.begin(made.ctx);
    // release: pairs with the acquire above.
    go.store(true, std::memory_order_release);
    if (round % 2 == 0) waits.end();
    if (round % 4 == 0) waits.begin(made.ctx);
    run(io);
  }
}

TEST_CASE("post_on_done: nothing of the executor is left behind, whatever is still posted", "[asio]") {
  net::io_context io;
  int calls = 0;
  auto token = std::make_shared<int>();
  const weir::cancellable first = weir::with_cancel(weir::background());
  const weir::cancellable second = weir::with_cancel(weir::background());
  {
    weir::detail::post_on_done<marked_executor, count> waits({&io, token}, {&calls});
    waits.begin(first.ctx);
    first.cancel();
    waits.end();
    waits.begin(second.ctx); // while that is posted
    waits.end();
  }
  CHECK(token.use_count() == 1);
  run(io);
  CHECK(calls == 0);
}
