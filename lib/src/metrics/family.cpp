// How a family finds, makes and reads its series.
#include "weir/metrics/family.hpp"

#include "metrics/label_value.hpp"
#include "weir/metrics/description.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace weir {

template <class Metric>
struct metric_family<Metric>::series : detail::series_key {
  explicit series(const std::vector<double>& bounds) : metric(make_metric(bounds)) {}

  static Metric make_metric([[maybe_unused]] const std::vector<double>& bounds) {
    if constexpr (std::is_same_v<Metric, histogram>)
      return Metric(bounds);
    else
      return Metric();
  }

  Metric metric;
  // Whether it takes what did not fit.
  std::atomic<bool> overflow{false};
  // What pages remember of it where series expire. Several may be made at the same time: each is a number of its own.
  std::atomic<double> last_value{0};
  std::atomic<std::chrono::steady_clock::time_point> last_moved{std::chrono::steady_clock::now()};
};

namespace {

/// What does not change while nothing is counted.
double amount_of(metric_type type, const series_snapshot& series) noexcept {
  return type == metric_type::histogram ? static_cast<double>(series.histogram.count()) : series.value;
}

} // namespace

template <class Metric>
metric_family<Metric>::metric_family(family_snapshot description, family_options options,
                                     metric_family<counter>* overflows, std::size_t open_label)
    : family_base(std::move(description)), options_(options), overflows_(overflows), open_label_(open_label) {}

template <class Metric>
metric_family<Metric>::~metric_family() = default;

template <class Metric>
typename metric_family<Metric>::series*
metric_family<Metric>::find(std::span<const std::string_view> values) const noexcept {
  return static_cast<series*>(index_.find(detail::hash_labels(values), values));
}

/// The series of these values but for the open label's, if there is one.
template <class Metric>
typename metric_family<Metric>::series*
metric_family<Metric>::find_with_room(std::span<const std::string_view> values) const noexcept {
  if (open_label_ >= values.size()) return nullptr;
  std::array<std::string_view, label_names::max_count> coarse;
  std::copy(values.begin(), values.end(), coarse.begin());
  coarse[open_label_] = overflow_label_value;
  return find(std::span(coarse).first(values.size()));
}

template <class Metric>
Metric& metric_family<Metric>::with(std::span<const std::string_view> values) {
  const std::size_t expected = description().label_names.size();
  if (values.size() != expected)
    throw std::invalid_argument("weir: metric \"" + name() + "\" has " + std::to_string(expected) +
                                " labels and was given " + std::to_string(values.size()) + " values");
  series* result = find(values);
  if (result == nullptr) {
    // Values that have to change are not in the index as they came, so that they may well have a series already.
    if (std::all_of(values.begin(), values.end(), detail::is_label_value)) {
      // relaxed: the index publishes what it finds; who does not see it yet asks under the lock.
      if (full_.load(std::memory_order_relaxed)) result = find_with_room(values);
      // acquire: pairs with the release in find_or_make(); the overflow series is complete.
      if (result == nullptr) result = overflow_.load(std::memory_order_acquire);
    }
    bool overflows = result != nullptr;
    if (!overflows) {
      result = &find_or_make(values);
      // relaxed: it publishes nothing, and if it was this call's doing this thread sees it.
      overflows = result->overflow.load(std::memory_order_relaxed);
    }
    if (overflows && overflows_ != nullptr) overflows_->with({name()}).add();
  }
  return result->metric;
}

template <class Metric>
typename metric_family<Metric>::series&
metric_family<Metric>::find_or_make(std::span<const std::string_view> values) {
  std::vector<std::string> clean;
  clean.reserve(values.size());
  for (const std::string_view value : values) clean.push_back(detail::to_label_value(value));

  const std::lock_guard lock(mutex_);
  const auto find_clean = [this, &clean] {
    const std::vector<std::string_view> views(clean.begin(), clean.end());
    return find(views);
  };
  // It may have been made meanwhile, or be there under what broken values were turned into.
  if (series* found = find_clean()) return *found;
  if (series_.size() < options_.max_series) return make_series(std::move(clean));

  // relaxed: as in with().
  full_.store(true, std::memory_order_relaxed);
  if (open_label_ < clean.size()) {
    clean[open_label_] = overflow_label_value;
    series* coarse = find_clean();
    // Their number is bounded, too, whatever the other labels take.
    if (coarse == nullptr && series_.size() - options_.max_series < options_.max_series)
      coarse = &make_series(std::move(clean));
    if (coarse != nullptr) {
      // relaxed: as where it is read.
      coarse->overflow.store(true, std::memory_order_relaxed);
      return *coarse;
    }
  }
  clean.assign(values.size(), std::string(overflow_label_value));
  series* overflow = find_clean();
  if (overflow == nullptr) overflow = &make_series(std::move(clean));
  // relaxed: as where it is read.
  overflow->overflow.store(true, std::memory_order_relaxed);
  // release: pairs with the acquire in with(); publishes the series.
  overflow_.store(overflow, std::memory_order_release);
  return *overflow;
}

template <class Metric>
typename metric_family<Metric>::series& metric_family<Metric>::make_series(std::vector<std::string> values) {
  auto made = std::make_unique<series>(description().bounds);
  const std::vector<std::string_view> views(values.begin(), values.end());
  made->hash = detail::hash_labels(views);
  made->values = std::move(values);
  // First whatever may throw.
  index_.reserve_one();
  series_.push_back(std::move(made));
  index_.insert(*series_.back());
  return *series_.back();
}

template <class Metric>
bool metric_family<Metric>::has_been_idle(series& each, const series_snapshot& now,
                                          std::chrono::steady_clock::time_point when) const {
  const double amount = amount_of(type(), now);
  // relaxed, all four: nothing is read through them, and of two pages at the same time either may be the last.
  const double before = each.last_value.load(std::memory_order_relaxed);
  const bool stands = amount == (type() == metric_type::gauge ? 0 : before);
  // relaxed: as above.
  if (stands) return when - each.last_moved.load(std::memory_order_relaxed) >= options_.idle_after;
  // relaxed, both: as above.
  each.last_value.store(amount, std::memory_order_relaxed);
  each.last_moved.store(when, std::memory_order_relaxed);
  return false;
}

template <class Metric>
family_snapshot metric_family<Metric>::collect() const {
  return read(options_.idle_after.count() > 0);
}

template <class Metric>
family_snapshot metric_family<Metric>::read(bool expire) const {
  std::vector<series*> all;
  {
    // Only to copy the list: summing up must not hold back who makes a new series.
    const std::lock_guard lock(mutex_);
    all.reserve(series_.size());
    for (const auto& each : series_) all.push_back(each.get());
  }
  family_snapshot result = description();
  result.series.reserve(all.size());
  const auto now = expire ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point{};
  for (series* each : all) {
    series_snapshot& out = result.series.emplace_back();
    out.label_values = each->values;
    if constexpr (std::is_same_v<Metric, histogram>) {
      out.histogram = each->metric.value();
    } else {
      out.value = static_cast<double>(each->metric.value());
    }
    if (expire && has_been_idle(*each, out, now)) result.series.pop_back();
  }
  return result;
}

template class metric_family<counter>;
template class metric_family<gauge>;
template class metric_family<histogram>;

} // namespace weir
