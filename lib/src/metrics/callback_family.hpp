// The family behind a callback: asks, checks the answer, and forgets the function when its owner goes.
#pragma once

#include "weir/metrics/callback.hpp"
#include "weir/metrics/family.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace weir::detail {

/// Thread-safe.
class callback_family final : public family_base {
 public:
  /// `errors`: counts, by metric, calls that threw and series that were left out. Needed as long as collect() is
  /// called.
  callback_family(family_snapshot description, metric_callback callback, metric_family<counter>& errors);

  /// No more calls after this; one that is running ends first, unless it is the one that calls this.
  void stop() noexcept;
  /// Never waits for a running call, which may itself be waiting for the registry that asks.
  // acquire: pairs with the release in stop(); whoever reuses the name comes after the last call.
  bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

  /// From within a callback it waits for none: of one that is running there are no series, and an error is counted.
  family_snapshot collect() const override;

 private:
  std::vector<series_snapshot> ask() const;
  bool usable(const series_snapshot& series) const noexcept;

  metric_family<counter>& errors_;
  // Held during the call: this is what stop() waits for. Recursive, because a callback may read the registry that
  // asks it, or end its own registration; `running_` then tells that this thread is in the call.
  mutable std::recursive_mutex mutex_;
  mutable bool running_ = false;
  std::shared_ptr<const metric_callback> callback_;
  std::atomic<bool> stopped_{false};
};

} // namespace weir::detail
