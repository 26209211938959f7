// A histogram's bounds and its reading; observing is in the header.
#include "weir/metrics/histogram.hpp"

#include "metrics/validate.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <new>

namespace weir {

histogram::histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), padded_(bounds_), words_(bounds.size() + 2) {
  detail::validate_bounds(bounds);
  padded_.resize((bounds.size() + block - 1) / block * block, std::numeric_limits<double>::infinity());
}

// relaxed: whoever destroys this has synchronised with all who used it.
histogram::~histogram() { delete exemplars_.load(std::memory_order_relaxed); }

detail::exemplar_slots* histogram::make_exemplars() noexcept {
  try {
    auto made = std::make_unique<detail::exemplar_slots>(bounds_.size() + 1);
    detail::exemplar_slots* present = nullptr;
    // release: pairs with the acquire in observe() and value(); publishes the slots. acquire on failure: pairs with
    // the release of the thread that was first.
    if (exemplars_.compare_exchange_strong(present, made.get(), std::memory_order_release, std::memory_order_acquire))
      return made.release();
    return present;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
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
  // acquire: pairs with the release in make_exemplars(); the slots are there.
  if (detail::exemplar_slots* const slots = exemplars_.load(std::memory_order_acquire))
    result.exemplars = slots->collect();
  return result;
}

} // namespace weir
