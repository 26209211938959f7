// How often something took so long, or was so large: what a histogram metric is made of.
#pragma once

#include "weir/log/stats.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// Written by the backend, read by anyone.
template <const auto& Bounds>
class distribution_counter {
 public:
  using distribution = log_distribution<Bounds>;
  using value = typename distribution::value;

  void observe(value observed) noexcept {
    const auto bucket = std::lower_bound(Bounds.begin(), Bounds.end(), observed) - Bounds.begin();
    // relaxed, all: statistics.
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.store(sum_.load(std::memory_order_relaxed) + observed, std::memory_order_relaxed);
  }

  distribution read() const noexcept {
    distribution all;
    // relaxed, all: statistics, which may be a moment apart.
    for (std::size_t i = 0; i < counts_.size(); ++i) all.counts[i] = counts_[i].load(std::memory_order_relaxed);
    all.sum = sum_.load(std::memory_order_relaxed);
    return all;
  }

 private:
  std::array<std::atomic<std::uint64_t>, Bounds.size() + 1> counts_{};
  std::atomic<value> sum_{};
};

} // namespace weir::detail
