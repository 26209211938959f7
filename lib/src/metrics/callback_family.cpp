// Asks a callback for its series and lets only those through that fit its family.
#include "metrics/callback_family.hpp"

#include "metrics/label_value.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace weir {
namespace detail {

callback_family::callback_family(family_snapshot description, metric_callback callback,
                                 metric_family<counter>& errors)
    : family_base(std::move(description)), errors_(errors), callback_(std::move(callback)) {}

void callback_family::stop() noexcept {
  const std::lock_guard lock(mutex_);
  callback_ = nullptr;
  // release: pairs with the acquire in stopped().
  stopped_.store(true, std::memory_order_release);
}

bool callback_family::usable(const series_snapshot& series) const noexcept {
  if (series.label_values.size() != description().label_names.size()) return false;
  if (type() != metric_type::histogram) return true;
  const auto& counts = series.histogram.cumulative;
  const std::size_t exemplars = series.histogram.exemplars.size();
  return counts.size() == description().bounds.size() + 1 && std::is_sorted(counts.begin(), counts.end()) &&
         (exemplars == 0 || exemplars == counts.size());
}

family_snapshot callback_family::collect() const {
  family_snapshot result = description();
  std::vector<series_snapshot> given;
  try {
    const std::lock_guard lock(mutex_);
    if (callback_) given = callback_();
  } catch (...) {
    // The other metrics of the page are worth having; the counter says that this one is missing.
    errors_.with({name()}).add();
  }
  std::set<std::vector<std::string>> seen;
  for (series_snapshot& series : given) {
    for (std::string& value : series.label_values) {
      if (!is_label_value(value)) value = to_label_value(value);
    }
    // A series twice makes the whole page invalid.
    if (usable(series) && seen.insert(series.label_values).second) {
      result.series.push_back(std::move(series));
    } else {
      errors_.with({name()}).add();
    }
  }
  return result;
}

} // namespace detail

callback_registration::callback_registration(std::shared_ptr<detail::callback_family> family) noexcept
    : family_(std::move(family)) {}

callback_registration& callback_registration::operator=(callback_registration&& other) noexcept {
  if (this != &other) {
    reset();
    family_ = std::move(other.family_);
  }
  return *this;
}

callback_registration::~callback_registration() { reset(); }

void callback_registration::reset() noexcept {
  if (family_ != nullptr) family_->stop();
  family_.reset();
}

} // namespace weir
