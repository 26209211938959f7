// What contexts cost.
//
//   context --shape child_cancel|timeout|timeout_1m|poll|value5|cascade1000|wakeup|wakeup_coroutine|memory
#include "measuring/batches.hpp"
#include "measuring/call_timing.hpp"
#include "measuring/cores.hpp"
#include "measuring/options.hpp"
#include "measuring/percentile.hpp"
#include "measuring/result.hpp"
#include "measuring/ticks.hpp"

#include <weir/asio.hpp>
#include <weir/context.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <linux/futex.h>
#include <malloc.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

using bench::keep;
using bench::median;
using bench::ns_per_call;

void print(std::string_view shape, std::string_view metric, std::string_view unit, double value,
           std::string_view subject = "weir") {
  bench::print({"context", shape, subject, metric, unit, value});
}

void child_cancel() {
  const auto parent = weir::with_cancel(weir::background());
  print("child_cancel", "ns_per_op", "ns", ns_per_call(1000, 1000, [&] {
          const auto child = weir::with_cancel(parent.ctx);
          keep(child.ctx);
          child.cancel();
        }));
}

void timeout(std::string_view shape, std::size_t live) {
  const auto parent = weir::with_cancel(weir::background());
  std::vector<weir::cancellable> others;
  others.reserve(live);
  for (std::size_t i = 0; i < live; ++i)
    others.push_back(weir::with_timeout(parent.ctx, 1h + std::chrono::microseconds(i * 7919 % live)));
  print(shape, "ns_per_op", "ns", ns_per_call(200, 1000, [&] {
          const auto child = weir::with_timeout(parent.ctx, 1h);
          keep(child.ctx);
          child.cancel();
        }));
}

void poll() {
  const auto outer = weir::with_cancel(weir::background());
  const auto inner = weir::with_cancel(outer.ctx);
  print("poll", "ns_per_op", "ns", ns_per_call(1000, 1000, [&] {
          keep(inner.ctx); // it may have changed
          keep(inner.ctx.done());
        }));
}

struct user_id {
  using value_type = std::uint64_t;
};
template <int Depth>
struct other_key {
  using value_type = int;
};

void value5() {
  const auto ctx = weir::with_value<other_key<4>>(
      weir::with_value<other_key<3>>(
          weir::with_value<other_key<2>>(
              weir::with_value<other_key<1>>(weir::with_value<user_id>(weir::background(), 42U), 1), 2),
          3),
      4);
  print("value5", "ns_per_op", "ns", ns_per_call(1000, 1000, [&] {
          keep(ctx);
          const std::uint64_t* const found = ctx.value<user_id>();
          if (found == nullptr || *found != 42) throw std::runtime_error("value5: not found");
        }));
}

void cascade1000() {
  std::vector<double> taken;
  for (int round = 0; round < 500; ++round) {
    const auto parent = weir::with_cancel(weir::background());
    std::vector<weir::cancellable> children;
    for (int i = 0; i < 1000; ++i) children.push_back(weir::with_cancel(parent.ctx));
    const std::uint64_t begin = bench::begin_ticks();
    parent.cancel();
    taken.push_back(static_cast<double>(bench::end_ticks() - begin));
    if (!children.back().ctx.done()) throw std::runtime_error("cascade1000: a child is not done");
  }
  print("cascade1000", "ns_per_op", "ns", median(std::move(taken)) * bench::nanoseconds_per_tick());
}

void print_wakeup(std::string_view shape, std::vector<std::uint64_t> taken, std::string_view subject = "weir") {
  std::ranges::sort(taken);
  const std::uint64_t step = bench::clock_step(taken);
  print(shape, "p50", "ns", bench::grouped_percentile(taken, 0.5, step) * bench::nanoseconds_per_tick(), subject);
  print(shape, "p99", "ns", bench::grouped_percentile(taken, 0.99, step) * bench::nanoseconds_per_tick(), subject);
}

/// From the call of `end` until the thread that is in `wait` goes on, as in Go with a goroutine that has a thread of
/// its own: on whichever core the kernel likes, and the one that ends sleeps when it is done.
template <class Begin, class Wait, class End>
void wakeup_of_thread(std::string_view subject, Begin begin_round, Wait wait, End end) {
  constexpr int rounds = 5000;
  std::vector<std::uint64_t> taken;
  std::binary_semaphore given(0), woken(0);
  std::uint64_t woken_at = 0;
  std::thread waiter([&] {
    for (int round = 0; round < rounds; ++round) {
      given.acquire();
      wait();
      woken_at = bench::end_ticks();
      woken.release();
    }
  });
  for (int round = 0; round < rounds; ++round) {
    begin_round();
    given.release();
    bench::spin_for(bench::ticks_of_nanoseconds(50'000)); // it waits by then
    const std::uint64_t begin = bench::begin_ticks();
    end();
    woken.acquire();
    taken.push_back(woken_at - begin);
  }
  waiter.join();
  print_wakeup("wakeup", std::move(taken), subject);
}

void wakeup() {
  weir::cancellable made;
  wakeup_of_thread(
      "weir", [&] { made = weir::with_cancel(weir::background()); }, [&] { made.ctx.wait(); },
      [&] { made.cancel(); });
}

/// The least that it can take: the kernel's means to wake a thread, and nothing around it.
void wakeup_by_futex() {
  std::atomic<std::uint32_t> word{0};
  const auto futex = [&](int operation, std::uint32_t value) {
    syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
  };
  wakeup_of_thread(
      "futex", [&] { word = 0; },
      [&] {
        while (word == 0) futex(FUTEX_WAIT_PRIVATE, 0);
      },
      [&] {
        word = 1;
        futex(FUTEX_WAKE_PRIVATE, 1);
      });
}

/// From the call of cancel until the coroutine that waits goes on, on the thread that cancels when that is done: what
/// a goroutine does.
void wakeup_coroutine() {
  constexpr int rounds = 20'000;
  std::vector<std::uint64_t> taken;
  boost::asio::io_context io(1);
  weir::cancellable made;
  std::uint64_t woken_at = 0;
  const auto wait = [](const weir::cancellable& wanted, std::uint64_t& woken) -> boost::asio::awaitable<void> {
    for (;;) {
      co_await weir::until_done(wanted.ctx);
      woken = bench::end_ticks();
      co_await boost::asio::post(boost::asio::use_awaitable);
    }
  };
  for (int round = 0; round < rounds; ++round) {
    made = weir::with_cancel(weir::background());
    if (round == 0) boost::asio::co_spawn(io, wait(made, woken_at), boost::asio::detached);
    while (io.poll_one() != 0) { // until it waits
    }
    woken_at = 0;
    const std::uint64_t begin = bench::begin_ticks();
    made.cancel();
    while (woken_at == 0) io.poll_one();
    taken.push_back(woken_at - begin);
  }
  print_wakeup("wakeup_coroutine", std::move(taken));
}

/// What a context that can be cancelled, and one with a deadline, take of the heap.
void memory() {
  constexpr std::size_t many = 100'000;
  const auto parent = weir::with_cancel(weir::background());
  std::vector<weir::cancellable> all;
  all.reserve(2 * many);
  const auto measure = [&](std::string_view shape, auto make) {
    const std::size_t before = ::mallinfo2().uordblks;
    for (std::size_t i = 0; i < many; ++i) all.push_back(make());
    print(shape, "bytes", "bytes", static_cast<double>(::mallinfo2().uordblks - before) / many);
  };
  measure("memory", [&] { return weir::with_cancel(parent.ctx); });
  measure("memory_deadline", [&] { return weir::with_timeout(parent.ctx, 1h); });
}

void run(const std::string& shape) {
  bench::nanoseconds_per_tick();
  if (shape == "wakeup") {
    wakeup();
    return wakeup_by_futex();
  }
  bench::pin(bench::role::producer);
  if (shape == "child_cancel") return child_cancel();
  if (shape == "timeout") return timeout(shape, 1000);
  if (shape == "timeout_1m") return timeout(shape, 1'000'000);
  if (shape == "poll") return poll();
  if (shape == "value5") return value5();
  if (shape == "cascade1000") return cascade1000();
  if (shape == "wakeup_coroutine") return wakeup_coroutine();
  if (shape == "memory") return memory();
  throw std::invalid_argument("there is no shape '" + shape + "'");
}

} // namespace

int main(int count, char** words) {
  try {
    run(bench::options(count, words, {{"--shape", "child_cancel"}}).text("--shape"));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "context: %s\n", error.what());
    return 1;
  }
}
