#include "measuring/percentile.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace bench {

std::uint64_t clock_step(std::span<const std::uint64_t> samples) noexcept {
  std::uint64_t step = 0;
  for (const std::uint64_t sample : samples) {
    step = std::gcd(step, sample);
    if (step == 1) break;
  }
  return std::max<std::uint64_t>(step, 1);
}

double grouped_percentile(std::span<const std::uint64_t> sorted, double share, std::uint64_t step) noexcept {
  const double rank = share * static_cast<double>(sorted.size());
  const std::uint64_t group = sorted[std::min(static_cast<std::size_t>(rank), sorted.size() - 1)];
  const auto [first, last] = std::ranges::equal_range(sorted, group);
  const auto below = static_cast<double>(first - sorted.begin());
  const auto within = static_cast<double>(last - first);
  const auto width = static_cast<double>(step);
  return static_cast<double>(group) - width / 2 + width * (rank - below) / within;
}

} // namespace bench
