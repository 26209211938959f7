// Times single calls, and batches of calls, as a program makes them that logs in bursts.
#pragma once

#include "measuring/ticks.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bench {

/// Ticks of each call, and of each batch of batch_calls calls.
struct call_samples {
  std::vector<std::uint64_t> single, batches;
};

/// Bursts short enough for every subject's queue, then a pause in which its backend catches up: what is measured is
/// the call, not a full queue.
class call_timing {
 public:
  static constexpr std::uint64_t burst_calls = 50;
  static constexpr std::uint64_t batch_calls = 20;

  /// `calls`: how many are timed one by one; another tenth before them is not counted.
  explicit call_timing(std::uint64_t calls) : bursts_(calls / burst_calls + 1) {}

  /// `call(i)` is a log call whose arguments are made of i.
  template <class Call>
  call_samples run(Call call) const {
    call_samples taken;
    // Written before the measurement, so that no page fault falls into it.
    taken.single.assign(bursts_ * burst_calls, 1);
    taken.batches.assign(bursts_, 1);
    pause between;
    std::uint64_t i = 0;

    for (std::uint64_t burst = 0; burst < bursts_ / 10 + 1; ++burst) {
      for (std::uint64_t n = 0; n < burst_calls; ++n) call(i++);
      between();
    }
    for (std::uint64_t burst = 0; burst < bursts_; ++burst) {
      std::uint64_t* sample = taken.single.data() + burst * burst_calls;
      for (std::uint64_t n = 0; n < burst_calls; ++n, ++i) {
        const std::uint64_t begin = begin_ticks();
        call(i);
        *sample++ = end_ticks() - begin;
      }
      between();
    }
    for (std::uint64_t& batch : taken.batches) {
      const std::uint64_t begin = begin_ticks();
      for (std::uint64_t n = 0; n < batch_calls; ++n) call(i++);
      batch = end_ticks() - begin;
      between();
    }
    return taken;
  }

 private:
  /// About 100 µs, never twice the same: a burst begins anywhere within a clock step.
  class pause {
   public:
    void operator()() noexcept {
      random_ = random_ * 6364136223846793005U + 1442695040888963407U; // Knuth's MMIX generator
      spin_for(shortest_ + (random_ >> 33) % (shortest_ / 8 + 1));
    }

   private:
    std::uint64_t shortest_ = ticks_of_nanoseconds(100'000);
    std::uint64_t random_ = 1;
  };

  std::uint64_t bursts_;
};

/// Makes the compiler compute `value` where it stands.
template <class T>
inline void keep(const T& value) noexcept {
  asm volatile("" : : "r,m"(value) : "memory");
}

} // namespace bench
