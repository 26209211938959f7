#include "log_tail.hpp"

#include "weir/log/json_text.hpp"
#include "weir/log/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::detail {
namespace {

// A record that is longer than this is not for a page.
constexpr std::size_t longest_record = 4096;
// Of a request, and of all: what a page can show, and a bound of its memory.
constexpr std::size_t most_lines = 40, most_recordings = 64;

enum kind : std::size_t { ordinary, important, of_recorder };

kind kind_of(const record& entry) noexcept {
  if (entry.recorded()) return of_recorder;
  return entry.severity() >= level::warn ? important : ordinary;
}

} // namespace

bool log_tail::share::take(std::int64_t now, unsigned most) noexcept {
  // What the flight recorder emits has old times, of requests next to each other in turn. A step of more than that is
  // a clock that was set.
  constexpr std::int64_t oldest = 600;
  if (now > second || now < second - oldest) *this = {.second = now};
  return taken++ < most;
}

log_tail::log_tail(std::size_t records, unsigned per_second)
    : sink("live page"), records_(records), per_second_(per_second), renderer_(as_json()) {}

std::string_view log_tail::render(const record& entry) {
  line_.clear();
  renderer_->render(entry, line_);
  if (line_.size() > longest_record) {
    const std::size_t bytes = line_.size();
    line_.clear();
    fmt::format_to(fmt::appender(line_), R"({{"level":"{}","logger":)", to_string_view(entry.severity()));
    append_json_string(line_, entry.logger_name());
    fmt::format_to(fmt::appender(line_), R"(,"message":"a record of {} bytes, too long for this page"}})", bytes);
    return {line_.data(), line_.size()};
  }
  return {line_.data(), line_.size() - 1}; // without the line feed
}

void log_tail::append(const record& entry) {
  const kind of = kind_of(entry);
  if (!shares_[of].take(entry.unix_nanoseconds() / 1'000'000'000, per_second_)) {
    // relaxed: a counter.
    passed_over_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::string_view json = render(entry);
  const std::lock_guard lock(mutex_);
  if (of == of_recorder) keep_recorded(entry, json);
  std::string memory;
  if (kept_.size() == records_) {
    memory = std::move(kept_.front().json);
    kept_.pop_front();
  }
  memory.assign(json);
  kept_.push_back({++last_, std::move(memory)});
}

void log_tail::keep_recorded(const record& entry, std::string_view json) {
  if (entry.ids() == nullptr) return;
  ++recorded_;
  const std::uint64_t span = entry.ids()->span_id;
  // Those of requests that end at the same time come mixed, in the order in which they were logged.
  auto found = std::ranges::find(recordings_, span, &recording::span);
  if (found == recordings_.end()) {
    if (recordings_.size() == most_recordings) recordings_.pop_front();
    recordings_.push_back({.span = span, .lines = {}});
    found = recordings_.end() - 1;
  }
  if (found->lines.size() < most_lines) found->lines.emplace_back(json);
}

void log_tail::append_since(std::uint64_t since, std::uint64_t up_to, text_buffer& out) const {
  const std::lock_guard lock(mutex_);
  const auto first = std::ranges::upper_bound(kept_, since, {}, &numbered::number);
  for (auto each = first; each != kept_.end() && each->number <= up_to; ++each)
    fmt::format_to(fmt::appender(out), "{}[{},{}]", each == first ? "" : ",", each->number, each->json);
}

log_tail::counts log_tail::so_far() const {
  const std::lock_guard lock(mutex_);
  // relaxed: a counter.
  return {last_, passed_over_.load(std::memory_order_relaxed), recorded_};
}

void log_tail::append_recorded(std::uint64_t span, text_buffer& out) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(recordings_, span, &recording::span);
  if (found == recordings_.end()) return;
  for (std::size_t i = 0; i < found->lines.size(); ++i) {
    if (i != 0) out.push_back(',');
    weir::append(out, found->lines[i]);
  }
}

} // namespace weir::detail
