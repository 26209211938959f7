#include "log/error_reports.hpp"

#include "log/escape.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace weir::detail {

namespace {

constexpr std::size_t most_bytes = 200; // of each text; escaped at most four times as many

/// Standard error may be a terminal. Valid as long as `room`, which holds that much without allocating unless much of
/// it is escaped.
std::string_view printable(text_buffer& room, std::string_view raw) noexcept {
  try {
    append_escaped(room, raw.substr(0, most_bytes), field_style::text);
    return {room.data(), room.size()};
  } catch (...) {
    return "[no memory]";
  }
}

} // namespace

void error_reports::note(std::string_view who, std::string_view attempt, std::string_view what,
                         std::size_t lost) noexcept {
  constexpr auto interval = std::chrono::seconds(1);
  unreported_losses_ += lost;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + interval;
  text_buffer who_room, what_room;
  char line[2048];
  const auto end = fmt::format_to_n(line, sizeof line, "weir: {}: {:.40}{}{} ({} records lost)\n",
                                    printable(who_room, who), attempt, attempt.empty() ? "" : ": ",
                                    printable(what_room, what), std::exchange(unreported_losses_, 0));
  const std::size_t size = std::min(end.size, sizeof line);
  // Standard error is the last resort; if it is gone too, the counters still tell.
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line, size);
}

} // namespace weir::detail
