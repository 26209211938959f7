#include "log/rotation_schedule.hpp"

#include "log/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace weir::detail {

namespace {

std::tm calendar(std::int64_t unix_seconds, rotation_zone zone) noexcept {
  const std::time_t time = unix_seconds;
  std::tm day{};
  zone == rotation_zone::utc ? ::gmtime_r(&time, &day) : ::localtime_r(&time, &day);
  return day;
}

/// That many minutes after the day's midnight by the zone's clocks; negative ones are of the day before. A time that
/// the clocks skip is the later one. `day` is from calendar().
std::int64_t minutes_of(std::tm day, std::int64_t minutes, rotation_zone zone) noexcept {
  // Not by mktime(3): it looks for the zone anew if TZ is not set, and after a chroot(2) finds UTC, for the process.
  const long offset = day.tm_gmtoff;
  day.tm_sec = day.tm_hour = 0;
  day.tm_min = static_cast<int>(minutes);
  const std::int64_t shown = ::timegm(&day);
  const std::int64_t guess = shown - offset;
  const long offset_then = calendar(guess, zone).tm_gmtoff;
  const std::int64_t better = shown - offset_then;
  return calendar(better, zone).tm_gmtoff == offset_then ? better : std::max(guess, better);
}

} // namespace

rotation_schedule::rotation_schedule(std::chrono::minutes every, std::chrono::minutes at, rotation_zone zone) noexcept
    : every_(every), at_(at), zone_(zone) {
  if (zone == rotation_zone::local) load_time_zone();
}

rotation_period rotation_schedule::period_of(std::int64_t unix_seconds) const noexcept {
  const std::int64_t every = every_.count();
  if (every == 0) return {INT64_MIN, INT64_MAX};
  const std::tm day = calendar(unix_seconds, zone_);
  const std::int64_t now = day.tm_hour * 60 + day.tm_min;
  const std::int64_t behind = ((now - at_.count()) % every + every) % every;
  rotation_period part{minutes_of(day, now - behind, zone_), minutes_of(day, now - behind + every, zone_)};
  // Where clocks are set, a time of day may come twice or not at all, and the one found need not be this moment's.
  part.begin = std::min(part.begin, unix_seconds);
  while (part.end <= unix_seconds) part.end += every * 60;
  return part;
}

std::string rotation_schedule::date_of(std::int64_t unix_seconds) const {
  const std::tm day = calendar(unix_seconds, zone_);
  return fmt::format("{:04}-{:02}-{:02}", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
}

} // namespace weir::detail
