// Asks a callback for its series and lets only those through that fit its family.
#include "metrics/callback_family.hpp"

#include "metrics/label_value.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

namespace weir {
namespace detail {
namespace {

/// How many callbacks this thread is in: of one that reads the registry, several.
thread_local int calls_of_this_thread = 0;

/// A call, from its begin to its end, be that an exception.
class call {
 public:
  explicit call(bool& running) noexcept : running_(running) {
    running_ = true;
    ++calls_of_this_thread;
  }
  call(const call&) = delete;
  call& operator=(const call&) = delete;
  ~call() {
    --calls_of_this_thread;
    running_ = false;
  }

 private:
  bool& running_;
};

} // namespace

callback_family::callback_family(family_snapshot description, metric_callback callback,
                                 metric_family<counter>& errors)
    : family_base(std::move(description)),
      errors_(errors),
      callback_(std::make_shared<const metric_callback>(std::move(callback))) {}

void callback_family::stop() noexcept {
  std::shared_ptr<const metric_callback> gone; // after the lock: what the callback owns may own its registration
  const std::lock_guard lock(mutex_);
  // release: pairs with the acquire in stopped().
  stopped_.store(true, std::memory_order_release);
  gone.swap(callback_);
}

std::vector<series_snapshot> callback_family::ask() const {
  std::shared_ptr<const metric_callback> callback; // lives to the end of the call, and of the lock, as in stop()
  std::unique_lock lock(mutex_, std::defer_lock);
  if (calls_of_this_thread == 0) {
    lock.lock();
  } else if (!lock.try_lock() || running_) {
    // Whoever is in that call may be this thread, or wait for it.
    throw std::logic_error("weir: a callback metric was asked from within a callback");
  }
  callback = callback_;
  if (callback == nullptr) return {};
  const call running(running_);
  return (*callback)();
}

bool callback_family::usable(const series_snapshot& series) const noexcept {
  if (series.label_values.size() != description().label_names.size()) return false;
  // Readers of OpenMetrics refuse a page on which a counter is below zero, or no number.
  if (type() == metric_type::counter) return series.value >= 0;
  if (type() == metric_type::gauge) return true;
  const auto& counts = series.histogram.cumulative;
  const std::size_t exemplars = series.histogram.exemplars.size();
  return counts.size() == description().bounds.size() + 1 && std::is_sorted(counts.begin(), counts.end()) &&
         (exemplars == 0 || exemplars == counts.size());
}

family_snapshot callback_family::collect() const {
  family_snapshot result = description();
  std::vector<series_snapshot> given;
  try {
    given = ask();
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
  // Out of this object first: the callback may own it.
  if (const auto family = std::exchange(family_, nullptr)) family->stop();
}

} // namespace weir
