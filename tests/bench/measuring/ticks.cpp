#include "measuring/ticks.hpp"

namespace bench {

double nanoseconds_per_tick() noexcept {
  static const double measured = [] {
    constexpr std::uint64_t span_ns = 50'000'000;
    const std::uint64_t begin_ns = monotonic_nanoseconds();
    const std::uint64_t begin = end_ticks();
    std::uint64_t now_ns = begin_ns;
    while (now_ns - begin_ns < span_ns) now_ns = monotonic_nanoseconds();
    return static_cast<double>(now_ns - begin_ns) / static_cast<double>(end_ticks() - begin);
  }();
  return measured;
}

} // namespace bench
