#include "page_state.hpp"

#include "weir/log/json_text.hpp"
#include "weir/trace/ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace weir {
namespace {

constexpr std::size_t most_under_way = 20;

std::int64_t unix_milliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

} // namespace

live_page::state::state(live_options given)
    : options(std::move(given)),
      events(options.path + "/events"),
      tail(std::make_shared<detail::log_tail>(options.log_records, options.log_records_per_second)),
      slow(options.slow_requests, options.slow_window, events),
      id_(to_hex(random_span_id()).view()),
      started_(unix_milliseconds()) {}

void live_page::state::make_families() {
  if (!families_) families_.emplace(*options.metrics, options.path, events);
}

bool live_page::state::admit() {
  const std::lock_guard lock(mutex);
  if (closed || viewers == options.most_viewers) return false;
  ++viewers;
  return true;
}

void live_page::state::dismiss() noexcept {
  const std::lock_guard lock(mutex);
  if (--viewers != 0) return;
  // Nobody needs them any more.
  common_ = {};
  news_.reset();
  whole_.reset();
  made_ = {};
}

std::chrono::nanoseconds live_page::state::until_next() {
  const std::lock_guard lock(mutex);
  return std::max<std::chrono::nanoseconds>(made_ + options.interval - clock::now(), std::chrono::milliseconds(1));
}

std::shared_ptr<const std::string> live_page::state::next(std::uint64_t& seen) {
  const std::lock_guard lock(mutex);
  if (closed) return nullptr;
  const auto now = clock::now();
  if (now - made_ >= options.interval) make(now);
  static const auto nothing_new = std::make_shared<const std::string>(": nothing new\n\n");
  const std::uint64_t before = std::exchange(seen, number_);
  if (before == number_) return nothing_new;
  if (before + 1 == number_ && before != 0) {
    if (!news_) news_ = compose(last_record_before_, slow_version_ != slow_version_before_);
    return news_;
  }
  if (!whole_) whole_ = compose(0, true);
  return whole_;
}

/// Under the mutex: whoever comes meanwhile would only make the same.
void live_page::state::make(clock::time_point now) {
  text_buffer out;
  fmt::format_to(fmt::appender(out), R"({{"id":"{}","started":{},"at":{},"interval":{},"viewers":{},"title":)", id_,
                 started_, unix_milliseconds(), std::chrono::duration<double>(options.interval).count(), viewers);
  append_json_string(out, options.title);
  out.push_back(',');
  make_families(); // show() was not called
  // The viewers are among those that have been for longest.
  std::vector<request_under_way> requests;
  if (observer != nullptr) requests = observer->under_way(most_under_way + options.most_viewers);
  families_->append(out, static_cast<std::size_t>(std::ranges::count(requests, events, &request_under_way::path)));
  if (stream != nullptr) {
    out.push_back(',');
    detail::append_stream(out, stream->stats());
  }
  if (observer != nullptr) {
    out.push_back(',');
    detail::append_under_way(out, requests, most_under_way, events);
  }
  const detail::log_tail::counts log = tail->so_far();
  fmt::format_to(fmt::appender(out), R"(,"passed_over":{},)", log.passed_over);
  common_.assign(out.data(), out.size());
  slow_version_before_ = std::exchange(slow_version_, slow.version(now) + log.recorded);
  last_record_before_ = std::exchange(last_record_, log.last);
  news_.reset();
  whole_.reset();
  made_ = now;
  ++number_;
}

std::shared_ptr<const std::string> live_page::state::compose(std::uint64_t since_record, bool with_slow) {
  text_buffer out;
  fmt::format_to(fmt::appender(out), "id: {}\nretry: 1000\ndata: {}", number_, common_);
  if (with_slow) {
    append(out, R"("slow":[)");
    slow.append(out, *tail);
    append(out, "],");
  }
  append(out, R"("records":[)");
  tail->append_since(since_record, last_record_, out);
  append(out, "]}\n\n");
  return std::make_shared<const std::string>(out.data(), out.size());
}

} // namespace weir
