// Everything at once from many threads; what must hold is checked all the while.
#include "weir/context.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <latch>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

struct depth_key {
  using value_type = int;
};

/// Contexts that all threads derive from, end and replace.
class pool {
 public:
  static constexpr std::size_t size = 16;

  weir::context get(std::size_t i) {
    const std::lock_guard hold(mutex_);
    return contexts_[i % size];
  }
  weir::cancel_function canceller(std::size_t i) {
    const std::lock_guard hold(mutex_);
    return cancels_[i % size];
  }
  void put(std::size_t i, weir::cancellable made) {
    weir::cancel_function share = made.cancel.share();
    made.cancel.release();
    const std::lock_guard hold(mutex_);
    std::swap(contexts_[i % size], made.ctx);
    std::swap(cancels_[i % size], share);
  }

 private:
  std::mutex mutex_;
  std::array<weir::context, size> contexts_;
  std::array<weir::cancel_function, size> cancels_;
};

struct counts {
  std::atomic<int> broken = 0;
  std::atomic<int> registered = 0;
  std::atomic<int> prevented = 0;
  std::atomic<int> run = 0;
  std::atomic<int> dropped = 0;
};

/// Counts itself as dropped when it is destroyed without having run.
class counted_callback {
 public:
  counted_callback(counts& all, weir::context ctx) : all_(&all), ctx_(std::move(ctx)) {}
  counted_callback(counted_callback&& other) noexcept
      : all_(std::exchange(other.all_, nullptr)), ctx_(std::move(other.ctx_)) {}
  counted_callback(const counted_callback&) = delete;
  ~counted_callback() {
    if (all_) ++all_->dropped;
  }
  void operator()() {
    if (!ctx_.done() || !ctx_.error()) ++all_->broken;
    ++std::exchange(all_, nullptr)->run;
  }

 private:
  counts* all_;
  weir::context ctx_;
};

void check(const weir::context& ctx, counts& all) {
  const bool error_first = static_cast<bool>(ctx.error());
  if (error_first && !ctx.done()) ++all.broken;
  if (!ctx.done()) return;
  const auto first = ctx.cause();
  if (!ctx.error() || first.reason == weir::cancel_reason::none || !first.error) ++all.broken;
  auto [child, cancel] = weir::with_cancel(ctx);
  cancel(weir::cancel_reason::client_reset);
  if (!child.done() || child.cause() != first || ctx.cause() != first) ++all.broken;
}

void work(pool& shared, counts& all, std::uint32_t random, int steps) {
  std::vector<weir::done_registration> registrations;
  for (int step = 0; step < steps; ++step) {
    random = random * 1664525u + 1013904223u;
    const std::size_t at = random >> 28;
    const weir::context found = shared.get(at);
    // Now and then a new tree, as all that is derived from what has ended has ended.
    const weir::context ctx = found.done() && (random >> 8) % 4 != 0 ? weir::background() : found;
    switch ((random >> 16) % 12) {
    case 0:
      shared.put(at + 1, weir::with_cancel(ctx));
      break;
    case 1:
      shared.put(at + 2, weir::with_timeout(ctx, std::chrono::microseconds(random % 500)));
      break;
    case 2:
      shared.put(at + 3, weir::with_deadline(weir::with_value<depth_key>(ctx, step), {}));
      break;
    case 3:
      shared.put(at, weir::with_cancel(weir::without_cancel(weir::with_correlation(ctx, {1, 2, 3}))));
      break;
    case 4:
      shared.canceller(at)({weir::cancel_reason::application, {}, "stress"});
      break;
    case 5:
      shared.canceller(at)(weir::cancel_reason::shutdown);
      break;
    case 6:
      ctx.wait_for(std::chrono::microseconds(random % 50));
      break;
    case 7:
      // A callback owns its context here, so it must not be detached: it would keep the context alive.
      if (ctx.can_be_done()) {
        ++all.registered;
        registrations.push_back(ctx.on_done(counted_callback(all, ctx)));
      }
      break;
    case 8:
      if (!registrations.empty()) {
        all.prevented += registrations.back().stop();
        registrations.pop_back();
      }
      break;
    case 9: {
      auto [timed, cancel] = weir::with_timeout(ctx, 1h);
      auto [child, cancel_child] = weir::with_timeout(timed, 1ms);
      cancel();
      if (!child.done()) ++all.broken;
      break;
    }
    case 10: {
      // A child made while its parent is being ended must end too.
      auto [parent, cancel_parent] = weir::with_cancel(ctx);
      shared.put(at, weir::with_cancel(parent));
      const weir::context child = shared.get(at);
      cancel_parent();
      break;
    }
    default:
      check(ctx, all);
    }
  }
}

} // namespace

TEST_CASE("context: holds under cancel, derive, wait, expire, register and destroy from many threads",
          "[context][concurrent]") {
  counts all;
  {
    pool shared;
    {
      std::vector<std::jthread> threads;
      for (std::uint32_t i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] { work(shared, all, i * 7919 + 1, 30000); });
      }
    }
    for (std::size_t i = 0; i < pool::size; ++i) {
      shared.canceller(i)();
      if (shared.get(i).can_be_done() && !shared.get(i).done()) ++all.broken;
    }
  }
  // Each callback has exactly one end: it runs, or it is destroyed unrun because its registration stopped it. The
  // timer thread may still be running the last ones; more than one end would make this wait for ever.
  while (all.registered != all.run + all.dropped) std::this_thread::yield();
  CHECK(all.broken == 0);
  CHECK(all.prevented <= all.dropped);
  CHECK(all.run > 0);
  CHECK(all.prevented > 0);
}

TEST_CASE("context: a child made while its parent is being cancelled ends cancelled", "[context][concurrent]") {
  for (int round = 0; round < 300; ++round) {
    auto [parent, cancel_parent] = weir::with_cancel(weir::background());
    std::vector<weir::cancellable> children;
    std::latch start(2);
    {
      const std::jthread deriving([&, &parent = parent] {
        start.arrive_and_wait();
        while (!parent.done()) {
          children.push_back(weir::with_cancel(parent));
          children.push_back(weir::with_timeout(children.back().ctx, 1h));
        }
        children.push_back(weir::with_cancel(parent));
      });
      start.arrive_and_wait();
      cancel_parent(weir::cancel_reason::shutdown);
    }
    int wrong = 0;
    for (const auto& each : children) wrong += each.ctx.reason() != weir::cancel_reason::shutdown;
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("context: timers that expire while they are stopped and destroyed do no harm", "[context][concurrent]") {
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 1500; ++i) {
          auto [ctx, cancel] = weir::with_timeout(weir::background(), std::chrono::microseconds((i * 7 + t) % 60));
          if (i % 3 == 0) cancel.release();
          if (i % 3 == 1) cancel();
          if (i % 3 == 1 && !ctx.done()) ++wrong;
          if (i % 64 == 0 && !ctx.wait()) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
}
