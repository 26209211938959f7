#include "log/pattern_clock.hpp"

#include "log/time_zone.hpp"

#include <fmt/format.h>
#include <spdlog/version.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <utility>

namespace weir::detail {

namespace {

constexpr std::array<std::string_view, 7> days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};

std::string_view day(const std::tm& time) noexcept { return days[static_cast<std::size_t>(time.tm_wday)]; }
std::string_view short_day(const std::tm& time) noexcept { return day(time).substr(0, 3); }
std::string_view month(const std::tm& time) noexcept { return months[static_cast<std::size_t>(time.tm_mon)]; }
// As spdlog has it, September is the one of four letters, before its version 1.15.
constexpr std::size_t short_september = SPDLOG_VERSION < 11500 ? 4 : 3;
std::string_view short_month(const std::tm& time) noexcept {
  return month(time).substr(0, time.tm_mon == 8 ? short_september : 3);
}
std::string_view half(const std::tm& time) noexcept { return time.tm_hour >= 12 ? "PM" : "AM"; }
// As spdlog has it, the hour after midnight is 0.
int hour_of_half(const std::tm& time) noexcept { return time.tm_hour > 12 ? time.tm_hour - 12 : time.tm_hour; }

void append_flag(text_buffer& to, char flag, const std::tm& t, std::int64_t unix_seconds) {
  const auto put = [&](auto format, const auto&... values) { fmt::format_to(fmt::appender(to), format, values...); };
  switch (flag) {
  case 'Y':
    return put(FMT_STRING("{}"), t.tm_year + 1900);
  case 'C':
    return put(FMT_STRING("{:02}"), t.tm_year % 100);
  case 'm':
    return put(FMT_STRING("{:02}"), t.tm_mon + 1);
  case 'd':
    return put(FMT_STRING("{:02}"), t.tm_mday);
  case 'D':
  case 'x':
    return put(FMT_STRING("{:02}/{:02}/{:02}"), t.tm_mon + 1, t.tm_mday, t.tm_year % 100);
  case 'a':
    return weir::append(to, short_day(t));
  case 'A':
    return weir::append(to, day(t));
  case 'b':
  case 'h':
    return weir::append(to, short_month(t));
  case 'B':
    return weir::append(to, month(t));
  case 'H':
    return put(FMT_STRING("{:02}"), t.tm_hour);
  case 'I':
    return put(FMT_STRING("{:02}"), hour_of_half(t));
  case 'M':
    return put(FMT_STRING("{:02}"), t.tm_min);
  case 'S':
    return put(FMT_STRING("{:02}"), t.tm_sec);
  case 'p':
    return weir::append(to, half(t));
  case 'R':
    return put(FMT_STRING("{:02}:{:02}"), t.tm_hour, t.tm_min);
  case 'T':
  case 'X':
    return put(FMT_STRING("{:02}:{:02}:{:02}"), t.tm_hour, t.tm_min, t.tm_sec);
  case 'r':
    return put(FMT_STRING("{:02}:{:02}:{:02} {}"), hour_of_half(t), t.tm_min, t.tm_sec, half(t));
  case 'c':
    return put(FMT_STRING("{} {} {} {:02}:{:02}:{:02} {}"), short_day(t), short_month(t), t.tm_mday, t.tm_hour,
               t.tm_min, t.tm_sec, t.tm_year + 1900);
  case 'z': {
    const long minutes = std::labs(t.tm_gmtoff) / 60;
    return put(FMT_STRING("{}{:02}:{:02}"), t.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
  }
  default:
    return put(FMT_STRING("{}"), unix_seconds); // E
  }
}

} // namespace

pattern_clock::pattern_clock(pattern_time zone) : zone_(zone) {
  if (zone == pattern_time::local) load_time_zone();
}

bool pattern_clock::knows(char flag) noexcept {
  return std::string_view("YCmdDxaAbhBHIMSpRTXrczE").find(flag) != std::string_view::npos;
}

std::size_t pattern_clock::add(std::vector<pattern_piece> pieces) {
  texts_.push_back({.pieces = std::move(pieces)});
  return texts_.size() - 1;
}

void pattern_clock::change_second(std::int64_t unix_nanoseconds) {
  kept_for_ = 0; // should memory run out
  const std::time_t time =
      std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(unix_nanoseconds)).count();
  std::tm parts{};
  zone_ == pattern_time::utc ? ::gmtime_r(&time, &parts) : ::localtime_r(&time, &parts);
  for (text& each : texts_) {
    text_buffer made;
    for (const pattern_piece& piece : each.pieces) {
      const std::size_t begin = made.size();
      if (piece.flag == pattern_piece::literal_text)
        weir::append(made, piece.literal);
      else
        append_flag(made, piece.flag, parts, time);
      if (!piece.width.is_any()) fit(made, begin, piece.width);
    }
    each.size = made.size();
    each.made.assign(made.data(), made.size()).append(line_writer::padding, '\0');
  }
  kept_for_ = 1'000'000'000;
  second_begin_ = static_cast<std::uint64_t>(time) * kept_for_;
}

} // namespace weir::detail
