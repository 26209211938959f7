#include "weir/beast/route_limits.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

namespace weir::detail {

route_limits complete(route_limits limits, const route_limits& otherwise, const char* whose) {
  using std::chrono::milliseconds;
  const auto refuse = [&](std::string_view name, auto value, std::string_view range) {
    throw std::invalid_argument(fmt::format("{}.{} is {}: it must be {}", whose, name, value, range));
  };
  if (limits.body_limit_bytes > 1ULL << 30) refuse("body_limit_bytes", *limits.body_limit_bytes, "up to 1 GiB");
  if (const auto time = limits.body_timeout; time && (time->count() < 0 || *time > std::chrono::hours(24)))
    refuse("body_timeout (ms)", time->count(), "from 0 to 24 h");
  if (const auto time = limits.progress_timeout; time && (time->count() < 1 || *time > std::chrono::hours(1)))
    refuse("progress_timeout (ms)", time->count(), "from 1 ms to 1 h");
  if (!limits.body_limit_bytes) limits.body_limit_bytes = otherwise.body_limit_bytes;
  if (!limits.body_timeout) limits.body_timeout = otherwise.body_timeout;
  if (!limits.progress_timeout) limits.progress_timeout = otherwise.progress_timeout;
  return limits;
}

} // namespace weir::detail
