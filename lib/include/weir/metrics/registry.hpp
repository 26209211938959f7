// The registry: all families of a process or of a part of it, and the way to read them.
#pragma once

#include "weir/metrics/callback.hpp"
#include "weir/metrics/description.hpp"
#include "weir/metrics/family.hpp"
#include "weir/metrics/snapshot.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace weir {

/// Holds families by name. Every function is thread-safe against every other and against observing.
/// Lifetime: families and series live as long as the registry and keep their addresses.
class metrics_registry {
 public:
  /// Holds at first only what it counts about itself (metric_names::metrics_*).
  metrics_registry();
  metrics_registry(const metrics_registry&) = delete;
  metrics_registry& operator=(const metrics_registry&) = delete;
  ~metrics_registry();

  /// The family of this name, made at the first call. Another call with the same kind, labels and bounds returns the
  /// same family with the help text, open label and options that it has.
  /// Errors: std::invalid_argument names what is wrong: a name or label against the rules (description.hpp), bounds
  /// that do not grow, options out of range, a name in use for something else, or one whose samples would get a name
  /// that another family's have (a gauge `x_count` beside a histogram `x`).
  /// Cost: a lock and a look at all families: for start-up, not for requests.
  metric_family<counter>& add(const counter_description& description, family_options options = {});
  metric_family<gauge>& add(const gauge_description& description, family_options options = {});
  metric_family<histogram>& add(const histogram_description& description, family_options options = {});

  /// A family whose series `callback` gives at each scrape. Series that do not fit the description or repeat the
  /// labels of another are left out; these, and calls that threw, count in `weir_metrics_callback_errors_total`.
  /// Errors: as add(), and for a name in use by anything, an earlier callback included.
  callback_registration add_callback(const counter_description& description, metric_callback callback);
  callback_registration add_callback(const gauge_description& description, metric_callback callback);
  callback_registration add_callback(const histogram_description& description, metric_callback callback);

  /// All families in the order of their names, their series in the order in which they were made. The numbers of
  /// counters and histograms lie between what they were when the call began and when it ended; a gauge that several
  /// threads change may be off by what they add and take away meanwhile, and is exact when they rest or only one
  /// changes it. Together they are no single moment. A family may have no series yet.
  /// Errors: std::bad_alloc.
  std::vector<family_snapshot> collect() const;

 private:
  template <class Metric>
  metric_family<Metric>& add_family(family_snapshot description, family_options options, std::size_t open_label);
  callback_registration add_callback_family(family_snapshot description, metric_callback callback);
  void require_unused_names(const family_snapshot& description) const;

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<detail::family_base>, std::less<>> families_;
  // Set by the constructor and never again; both are in families_.
  metric_family<counter>* overflows_ = nullptr;
  metric_family<counter>* callback_errors_ = nullptr;
};

/// The registry of the whole process, for who does not need several. Made at the first call and never destroyed, so
/// that threads and static objects may count until the very end.
metrics_registry& default_metrics();

} // namespace weir
