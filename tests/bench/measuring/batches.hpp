// Times batches of short calls, as they overlap in a program that makes many of them.
#pragma once

#include "measuring/ticks.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bench {

inline double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

/// The median over `batches` of `calls` calls each, ns a call.
template <class Call>
double ns_per_call(std::uint64_t batches, std::uint64_t calls, Call call) {
  std::vector<double> taken;
  for (std::uint64_t batch = 0; batch < batches; ++batch) {
    const std::uint64_t begin = begin_ticks();
    for (std::uint64_t i = 0; i < calls; ++i) call();
    taken.push_back(static_cast<double>(end_ticks() - begin) / static_cast<double>(calls));
  }
  return median(std::move(taken)) * nanoseconds_per_tick();
}

} // namespace bench
