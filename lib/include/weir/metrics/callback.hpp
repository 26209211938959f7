// Metrics that somebody else counts: a function that is asked at each scrape.
#pragma once

#include "weir/metrics/snapshot.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace weir {

/// Gives the present series of one family: label values in the order of the family's label names and the value, or
/// for a histogram the cumulative counts (one more than the family has bounds), the sum, and no or as many exemplars,
/// of which those are left out whose value is no number or whose time is before 1970.
/// A counter's value must never decrease; one that is negative or no number is left out, and counts as an error.
/// Called during a scrape, from the thread that scrapes, by one thread at a
/// time; it should take no longer than microseconds. It may use its registry. When it makes a page of it, those
/// callbacks are left out that are being called, itself first of all, and each time counts in
/// `weir_metrics_callback_errors_total`.
using metric_callback = std::function<std::vector<series_snapshot>()>;

namespace detail {
class callback_family;
}

/// Keeps a callback in its registry. When it is destroyed, a call that is running ends first, unless it is that call
/// which destroys it; afterwards there are no more, and the name is free again. It may outlive the registry.
/// Thread safety: thread-compatible.
class [[nodiscard]] callback_registration {
 public:
  callback_registration() = default;
  explicit callback_registration(std::shared_ptr<detail::callback_family> family) noexcept;
  callback_registration(callback_registration&&) noexcept = default;
  callback_registration& operator=(callback_registration&& other) noexcept;
  ~callback_registration();

  /// Ends the registration at once, as the destructor does.
  void reset() noexcept;

 private:
  std::shared_ptr<detail::callback_family> family_;
};

} // namespace weir
