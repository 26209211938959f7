// Another thread that ends contexts while a query runs, or before it has begun, or after its end.
#pragma once

#include "weir/context.hpp"

#include <atomic>
#include <thread>
#include <utility>

/// Its delays are counted in turns of a loop: a test goes through many of them, to meet every moment of a query once.
class ender {
 public:
  ender()
      : thread_([this] {
          for (int seen = 0;;) {
            // acquire: pairs with the release in end_soon(); what is to be ended can be read then.
            round_.wait(seen, std::memory_order_acquire);
            // acquire: as above.
            seen = round_.load(std::memory_order_acquire);
            if (!end_) return;
            for (int turn = 0; turn < delay_; ++turn) std::atomic_signal_fence(std::memory_order_seq_cst);
            std::exchange(end_, {})();
            // release: pairs with the acquire in wait_until_ended(); end_ may be written again.
            ended_.store(seen, std::memory_order_release);
            ended_.notify_one();
          }
        }) {}
  ~ender() { end_soon({}, 0); }

  /// Ends a context after `turns` · 100 turns; returns before that. Waits for the one before.
  void end_soon(weir::cancel_function end, int turns) {
    wait_until_ended();
    end_ = std::move(end);
    delay_ = turns * 100;
    // release: pairs with the acquire of the thread's wait.
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_one();
  }

 private:
  void wait_until_ended() {
    // relaxed: only this thread writes it.
    const int given = round_.load(std::memory_order_relaxed);
    // acquire, here and in the wait: pairs with the release of the thread's store.
    for (int seen; (seen = ended_.load(std::memory_order_acquire)) != given;)
      ended_.wait(seen, std::memory_order_acquire);
  }

  std::atomic<int> round_ = 0;
  std::atomic<int> ended_ = 0;
  weir::cancel_function end_;
  int delay_ = 0;
  std::jthread thread_;
};
