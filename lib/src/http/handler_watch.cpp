#include "http/handler_watch.hpp"

#include "http/ids_scope.hpp"
#include "log/fork.hpp"
#include "weir/log/macros.hpp"
#include "weir/log/stream.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace weir::detail {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

double seconds(std::chrono::nanoseconds time) noexcept { return std::chrono::duration<double>(time).count(); }

void tell(logger& log, const lost_handler& of) noexcept {
  const ids_scope under_the_request(of.ids);
  WEIR_WARN(log, "{} {} goes on though its request has ended: {}", of.method, of.path, to_string_view(of.reason),
            field<"http.route">(of.route), field<"error.type">(to_string_view(of.reason)),
            field<"running_s">(seconds(of.running)), field<"since_end_s">(seconds(of.since_end)));
}

} // namespace

handler_watch::handler_watch(gauge& stuck, logger* log, milliseconds limit) noexcept
    : stuck_(stuck), log_(log), limit_(limit) {}

void handler_watch::add(exchange& watched) noexcept {
  const std::lock_guard hold(mutex_);
  watched.next_watched_ = first_;
  if (first_ != nullptr) first_->previous_watched_ = &watched;
  first_ = &watched;
  try {
    if (!armed_ || process_ != detail::fork_count()) arm(); // a forked child has none of its parent's timers
  } catch (...) {
    // Without memory or a thread nobody looks until the next exchange is added.
  }
}

void handler_watch::remove(exchange& watched) noexcept {
  const std::lock_guard hold(mutex_);
  (watched.previous_watched_ == nullptr ? first_ : watched.previous_watched_->next_watched_) = watched.next_watched_;
  if (watched.next_watched_ != nullptr) watched.next_watched_->previous_watched_ = watched.previous_watched_;
}

void handler_watch::close() noexcept {
  const std::lock_guard wait(looking_);
  const std::lock_guard hold(mutex_);
  closed_ = true;
  looks_.stop();
  stuck_.subtract(std::exchange(shown_, 0));
}

std::vector<request_under_way> handler_watch::under_way(std::size_t most) {
  using candidate = std::pair<steady_clock::time_point, exchange*>;
  std::vector<candidate> running;
  std::vector<request_under_way> shown;
  const std::lock_guard hold(mutex_); // none of them can go meanwhile
  for (exchange* each = first_; each != nullptr; each = each->next_watched_)
    if (const auto since = each->running_since()) running.emplace_back(*since, each);
  const std::size_t count = std::min(most, running.size());
  std::partial_sort(running.begin(), running.begin() + static_cast<std::ptrdiff_t>(count), running.end());
  const auto now = steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) shown.push_back(running[i].second->show(now, limit_));
  return shown;
}

/// Under mutex_.
void handler_watch::arm() {
  next_look_ = with_timeout(background(), std::clamp(limit_ / 2, milliseconds(20), milliseconds(1000)));
  looks_ = next_look_.ctx.on_done([self = shared_from_this()] { self->look(); });
  armed_ = true;
  process_ = detail::fork_count();
}

void handler_watch::look() {
  const std::lock_guard looking(looking_);
  std::vector<lost_handler> found;
  {
    const std::lock_guard hold(mutex_);
    if (closed_) return;
    std::int64_t lost = 0;
    const auto now = steady_clock::now();
    for (exchange* each = first_; each != nullptr; each = each->next_watched_) lost += each->look(now, limit_, found);
    stuck_.add(lost - std::exchange(shown_, lost));
    armed_ = false;
    if (first_ != nullptr) arm();
  }
  // Outside of the lock: whoever opens a connection must not wait for the log.
  if (found.empty()) return;
  logger& log = log_ != nullptr ? *log_ : default_log().get_logger("weir.http");
  for (const lost_handler& each : found) tell(log, each);
}

} // namespace weir::detail
