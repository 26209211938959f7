// A histogram's bounds and its reading; observing is in the header.
#include "weir/metrics/histogram.hpp"

#include "metrics/validate.hpp"

#include <cstdint>
#include <limits>

namespace weir {

histogram::histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), padded_(bounds_), words_(bounds.size() + 2) {
  detail::validate_bounds(bounds);
  padded_.resize((bounds.size() + block - 1) / block * block, std::numeric_limits<double>::infinity());
}

histogram_value histogram::value() const {
  histogram_value result;
  result.cumulative.reserve(bounds_.size() + 1);
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket <= bounds_.size(); ++bucket) {
    below += words_.sum(first_bucket + bucket);
    result.cumulative.push_back(below);
  }
  result.sum = words_.sum_double(0);
  return result;
}

} // namespace weir
