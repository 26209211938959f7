// The line a benchmark program prints for each of its measurements.
#pragma once

#include <string_view>

namespace bench {

struct result {
  std::string_view benchmark, shape, subject, metric, unit;
  double value;
};

/// Writes one JSON object and a line feed to standard output; report.py takes the medians over repetitions.
void print(const result& measured);

} // namespace bench
