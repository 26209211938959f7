#include "log/error_reports.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace weir::detail {

void error_reports::note(std::string_view who, std::string_view attempt, std::string_view what,
                         std::size_t lost) noexcept {
  constexpr auto interval = std::chrono::seconds(1);
  unreported_losses_ += lost;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + interval;
  char line[512];
  const auto end = fmt::format_to_n(line, sizeof line, "weir: {:.200}: {:.40}{}{:.200} ({} records lost)\n", who,
                                    attempt, attempt.empty() ? "" : ": ", what, std::exchange(unreported_losses_, 0));
  const std::size_t size = std::min(end.size, sizeof line);
  std::replace_if(
      line, line + size - 1, [](char c) { return c >= 0 && c < 0x20; }, ' '); // one line
  // Standard error is the last resort; if it is gone too, the counters still tell.
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line, size);
}

} // namespace weir::detail
