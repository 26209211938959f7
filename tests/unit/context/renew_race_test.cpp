// A context with a limit that begins again and again while its parent ends, and while its own deadlines pass.
#include "weir/context.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir::cancel_reason;

namespace {

weir::correlation ids_of(int number) { return {1, 2, static_cast<std::uint64_t>(number) + 1}; }

/// A limit that never comes, one that has passed, some that are about to, and none.
weir::context_limit limit_of(int number) {
  const auto now = weir::context::clock::now();
  if (number % 5 == 4) return {};
  if (number % 5 == 3) return {.deadline = now, .reason = cancel_reason::timeout, .now = now};
  const weir::context::duration time = number % 5 == 0 ? weir::context::duration(1h) : 5us * (number % 7);
  return {.deadline = now + time, .reason = cancel_reason::timeout, .now = now};
}

/// Only the parent's end may be what ends it.
bool lasts(int number) { return number % 5 == 0 || number % 5 == 4; }

/// Ends what goes on, in each of the ways that there are.
void end(weir::cancellable& made, int number) {
  if (number % 3 == 0)
    made.cancel();
  else if (number % 3 == 1)
    weir::retire(made);
}

/// Ends a context on a thread of its own, after so many renewals of one below it.
class late_end {
 public:
  late_end(const weir::canceller& of, int after)
      : thread_([this, end = of.share(), after] {
          // relaxed: it orders nothing; it waits for nothing but to be as late.
          while (renewals_.load(std::memory_order_relaxed) < after) std::this_thread::yield();
          end(cancel_reason::shutdown);
        }) {}
  /// Which one the next is.
  int next() {
    // relaxed: as above.
    return renewals_.fetch_add(1, std::memory_order_relaxed);
  }
  /// Returns when the call that ends it has: all below it is done.
  void join() { thread_.join(); }

 private:
  std::atomic<int> renewals_ = 0;
  std::jthread thread_;
};

} // namespace

TEST_CASE("renew: with limits, too, a parent that ends meanwhile is what ends the last one",
          "[context][renew][concurrent]") {
  int wrong = 0;
  for (int round = 0; round < 250; ++round) {
    auto [parent, cancel_parent] = weir::with_cancel(weir::background());
    late_end ending(cancel_parent, 10 + round % 40);
    weir::cancellable made;
    while (!parent.done()) {
      const int number = ending.next();
      end(made, number);
      weir::renew(made, parent, ids_of(number), limit_of(number + round));
      if (round % 2 == 0)
        std::this_thread::yield(); // for a deadline of the one before, which must not strike this one
      wrong += *made.ctx.ids() != ids_of(number);
      wrong += lasts(number + round) && made.ctx.reason() == cancel_reason::timeout;
    }
    if (round % 3 == 0) ending.join();
    weir::renew(made, parent, ids_of(0), limit_of(0));
    if (round % 3 != 0) ending.join();
    wrong += made.ctx.reason() != cancel_reason::shutdown;
  }
  CHECK(wrong == 0);
}

TEST_CASE("renew: whoever holds one with a limit, or waits for it, is not left behind by the parent's end",
          "[context][renew][concurrent]") {
  int wrong = 0;
  for (int round = 0; round < 150; ++round) {
    auto [parent, cancel_parent] = weir::with_cancel(weir::background());
    std::vector<weir::context> held;
    std::vector<weir::cancellable> children;
    int registered = 0;
    std::atomic<int> told = 0; // by whichever of three threads has ended the context, and by one alone
    {
      late_end ending(cancel_parent, 10 + round % 40);
      weir::cancellable made;
      while (!parent.done()) {
        const int number = ending.next();
        weir::renew(made, parent, ids_of(number), limit_of(number + round));
        if (number % 4 == 1) held.push_back(made.ctx);
        if (number % 4 == 2) children.push_back(weir::with_cancel(made.ctx));
        if (number % 4 == 3) {
          ++registered;
          made.ctx.on_done([&told] { ++told; }).detach();
        }
        end(made, number);
      }
    }
    for (const auto& each : held) wrong += !each.done();
    for (const auto& each : children) wrong += !each.ctx.done();
    // Their contexts have ended; one may be on the timer's thread that has not come to its callback yet.
    while (told < registered) std::this_thread::yield();
    wrong += told != registered;
  }
  CHECK(wrong == 0);
}
