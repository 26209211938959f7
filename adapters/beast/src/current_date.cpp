#include "current_date.hpp"

#include "weir/http/http_date.hpp"

#include <chrono>
#include <ctime>

namespace weir::detail {

std::string_view current_date() noexcept {
  thread_local std::chrono::sys_seconds second = std::chrono::sys_seconds::min();
  thread_local static_text<29> text;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  const std::chrono::sys_seconds current{std::chrono::seconds(now.tv_sec)};
  if (current != second) {
    text = to_http_date(current);
    second = current;
  }
  return text;
}

} // namespace weir::detail
