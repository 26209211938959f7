// Who may have which name, and one page of all families.
#include "weir/metrics/registry.hpp"

#include "metrics/callback_family.hpp"
#include "metrics/validate.hpp"
#include "utf8.hpp"
#include "weir/metrics/names.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace weir {
namespace {

template <class Description>
family_snapshot to_family(const Description& description, metric_type type) {
  family_snapshot family;
  family.name = description.name;
  family.help = detail::to_valid_utf8(description.help);
  family.type = type;
  for (const std::string_view label : description.labels) family.label_names.emplace_back(label);
  if constexpr (requires { description.bounds; })
    family.bounds.assign(description.bounds.begin(), description.bounds.end());
  detail::validate_family(family);
  return family;
}

/// The place of the open label, or one behind all labels if there is none.
template <class Description>
std::size_t open_label_of(const Description& description) {
  const auto found = std::find(description.labels.begin(), description.labels.end(), description.open_label);
  if (found == description.labels.end() && !description.open_label.empty())
    throw std::invalid_argument("weir: metric \"" + std::string(description.name) + "\" has the open label \"" +
                                std::string(description.open_label) + "\", which is none of its labels");
  return static_cast<std::size_t>(found - description.labels.begin());
}

bool same_shape(const family_snapshot& a, const family_snapshot& b) noexcept {
  return a.type == b.type && a.label_names == b.label_names && a.bounds == b.bounds;
}

bool stopped_callback(const detail::family_base& family) {
  const auto* callback = dynamic_cast<const detail::callback_family*>(&family);
  return callback != nullptr && callback->stopped();
}

[[noreturn]] void refuse_name(const std::string& name, const std::string& shared, const std::string& other) {
  throw std::invalid_argument(
      "weir: metric \"" + name + "\" would share the name \"" + shared + "\" with the metric \"" + other +
      "\", which is there already with another type, other labels, other buckets, or as a callback");
}

} // namespace

metrics_registry::metrics_registry() {
  // One series for each family there is: bounded by the program itself.
  constexpr family_options unlimited{.max_series = std::numeric_limits<std::size_t>::max()};
  overflows_ = &add(metric_names::metrics_overflow, unlimited);
  callback_errors_ = &add(metric_names::metrics_callback_errors, unlimited);
}

metrics_registry::~metrics_registry() = default;

void metrics_registry::require_unused_names(const family_snapshot& description) const {
  const std::vector<std::string> wanted = detail::reserved_names(description);
  for (const auto& [name, family] : families_) {
    if (stopped_callback(*family)) continue;
    for (const std::string& taken : detail::reserved_names(family->description())) {
      if (std::find(wanted.begin(), wanted.end(), taken) != wanted.end()) refuse_name(description.name, taken, name);
    }
  }
}

template <class Metric>
metric_family<Metric>& metrics_registry::add_family(family_snapshot description, family_options options,
                                                    std::size_t open_label) {
  if (options.max_series == 0)
    throw std::invalid_argument("weir: metric \"" + description.name + "\" has max_series 0; it needs at least 1");
  if (options.idle_after.count() < 0 || options.idle_after > std::chrono::days(365))
    throw std::invalid_argument("weir: metric \"" + description.name + "\" has idle_after " +
                                std::to_string(options.idle_after.count()) + " ms; it must be from 0 to 365 days");
  const std::lock_guard lock(mutex_);
  if (const auto found = families_.find(description.name); found != families_.end()) {
    auto* family = dynamic_cast<metric_family<Metric>*>(found->second.get());
    if (family != nullptr && same_shape(family->description(), description)) return *family;
  }
  require_unused_names(description);
  std::string name = description.name;
  auto made = std::make_shared<metric_family<Metric>>(std::move(description), options, overflows_, open_label);
  metric_family<Metric>& result = *made;
  families_.insert_or_assign(std::move(name), std::move(made));
  return result;
}

callback_registration metrics_registry::add_callback_family(family_snapshot description, metric_callback callback) {
  if (!callback) throw std::invalid_argument("weir: metric \"" + description.name + "\" has an empty callback");
  const std::lock_guard lock(mutex_);
  require_unused_names(description);
  std::string name = description.name;
  auto made =
      std::make_shared<detail::callback_family>(std::move(description), std::move(callback), *callback_errors_);
  families_.insert_or_assign(std::move(name), made);
  return callback_registration(std::move(made));
}

metric_family<counter>& metrics_registry::add(const counter_description& description, family_options options) {
  return add_family<counter>(to_family(description, metric_type::counter), options, open_label_of(description));
}

metric_family<gauge>& metrics_registry::add(const gauge_description& description, family_options options) {
  return add_family<gauge>(to_family(description, metric_type::gauge), options, open_label_of(description));
}

metric_family<histogram>& metrics_registry::add(const histogram_description& description, family_options options) {
  return add_family<histogram>(to_family(description, metric_type::histogram), options, open_label_of(description));
}

callback_registration metrics_registry::add_callback(const counter_description& description,
                                                     metric_callback callback) {
  return add_callback_family(to_family(description, metric_type::counter), std::move(callback));
}

callback_registration metrics_registry::add_callback(const gauge_description& description, metric_callback callback) {
  return add_callback_family(to_family(description, metric_type::gauge), std::move(callback));
}

callback_registration metrics_registry::add_callback(const histogram_description& description,
                                                     metric_callback callback) {
  return add_callback_family(to_family(description, metric_type::histogram), std::move(callback));
}

std::vector<family_snapshot> metrics_registry::collect() const {
  std::vector<std::shared_ptr<detail::family_base>> families;
  {
    // Only to copy the list: callbacks run without the lock and may use the registry themselves.
    const std::lock_guard lock(mutex_);
    families.reserve(families_.size());
    for (const auto& [name, family] : families_) {
      if (!stopped_callback(*family)) families.push_back(family);
    }
  }
  std::vector<family_snapshot> result;
  result.reserve(families.size());
  for (const auto& family : families) result.push_back(family->collect());
  return result;
}

metrics_registry& default_metrics() {
  static metrics_registry& registry = *new metrics_registry;
  return registry;
}

} // namespace weir
