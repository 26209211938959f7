#include "log/loss_report.hpp"

#include "log/line_writer.hpp"
#include "log/timestamp_text.hpp"
#include "weir/log/call_site.hpp"
#include "weir/log/record.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string_view>

namespace weir::detail {

namespace {

std::string_view text_of(text_buffer& out, std::int64_t unix_nanoseconds) {
  {
    line_writer writer(out);
    timestamp_text().append(writer, unix_nanoseconds);
  }
  return {out.data(), out.size()};
}

} // namespace

/// In every round, so that a time of day is found while the clock's line is near it.
void loss_report::gather() noexcept {
  for (std::size_t i = 0; i < drop_reasons; ++i) {
    loss fresh;
    core_.losses[i].take(fresh);
    if (fresh.records == 0) continue;
    gap& sum = unreported_[i];
    sum.records += fresh.records;
    sum.first = std::min(sum.first, clock_.unix_nanoseconds(fresh.first));
    sum.last = std::max(sum.last, clock_.unix_nanoseconds(fresh.last));
  }
}

bool loss_report::say(const gap& lost, drop_reason reason, std::uint64_t now) noexcept {
  static constinit const call_site site{
      .format = "{} records dropped between {} and {} ({})",
      .file = __FILE__,
      .line = __LINE__,
      .arguments = argument_types<std::uint64_t, std::string_view, std::string_view, std::string_view>};
  using text = codec<std::string_view>;
  try {
    text_buffer first, last;
    std::byte arguments[128];
    std::byte* at = codec<std::uint64_t>::write(arguments, lost.records);
    at = text::write(at, text_of(first, lost.first));
    at = text::write(at, text_of(last, lost.last));
    text::write(at, name_of(reason));
    return out_.announce(record(site, level::warn, arguments, "weir", clock_.unix_nanoseconds(now), nullptr, {}, 0,
                                static_cast<std::uint32_t>(::gettid())));
  } catch (const std::exception&) { // no memory: it is said later
    return false;
  }
}

void loss_report::say(std::uint64_t now) noexcept {
  gather();
  for (std::size_t i = 0; i < drop_reasons; ++i) {
    const auto reason = static_cast<drop_reason>(i);
    if (reason == drop_reason::closed || unreported_[i].records == 0) continue;
    if (say(unreported_[i], reason, now)) unreported_[i] = {};
  }
}

void loss_report::say_if_due(std::uint64_t now) noexcept {
  gather();
  if (!has_news() || std::chrono::steady_clock::now() < next_) return;
  say(now);
  next_ = std::chrono::steady_clock::now() + interval;
}

bool loss_report::has_news() const noexcept {
  for (std::size_t i = 0; i < drop_reasons; ++i)
    if (static_cast<drop_reason>(i) != drop_reason::closed &&
        (unreported_[i].records != 0 || !core_.losses[i].is_empty()))
      return true;
  return false;
}

} // namespace weir::detail
