#include "weir/http/http_date.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace weir {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> short_days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// What is read of a date; whether it is one shows at the end.
struct fields {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

/// Reads a text from front to back; once something is missing, every read fails.
class reader {
 public:
  explicit reader(std::string_view text) noexcept : left_(text) {}

  bool skip(std::string_view literal) noexcept {
    if (!left_.starts_with(literal)) return false;
    left_.remove_prefix(literal.size());
    return true;
  }
  bool digits(std::size_t count, unsigned& value) noexcept {
    if (left_.size() < count) return false;
    value = 0;
    for (const char c : left_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    left_.remove_prefix(count);
    return true;
  }
  /// `index`: which of the names it is, from 0.
  bool name(std::span<const std::string_view> names, unsigned& index) noexcept {
    for (index = 0; index < names.size(); ++index)
      if (skip(names[index])) return true;
    return false;
  }
  bool time(fields& into) noexcept {
    return digits(2, into.hour) && skip(":") && digits(2, into.minute) && skip(":") && digits(2, into.second);
  }
  bool at_end() const noexcept { return left_.empty(); }

 private:
  std::string_view left_;
};

bool read_fixdate(reader in, fields& into) noexcept {
  unsigned ignored;
  return in.name(short_days, ignored) && in.skip(", ") && in.digits(2, into.day) && in.skip(" ") &&
         in.name(months, into.month) && in.skip(" ") && in.digits(4, into.year) && in.skip(" ") && in.time(into) &&
         in.skip(" GMT") && in.at_end();
}

bool read_rfc850(reader in, fields& into) noexcept {
  unsigned ignored;
  return in.name(long_days, ignored) && in.skip(", ") && in.digits(2, into.day) && in.skip("-") &&
         in.name(months, into.month) && in.skip("-") && in.digits(2, into.year) && in.skip(" ") && in.time(into) &&
         in.skip(" GMT") && in.at_end();
}

bool read_asctime(reader in, fields& into) noexcept {
  unsigned ignored;
  return in.name(short_days, ignored) && in.skip(" ") && in.name(months, into.month) && in.skip(" ") &&
         (in.skip(" ") ? in.digits(1, into.day) : in.digits(2, into.day)) && in.skip(" ") && in.time(into) &&
         in.skip(" ") && in.digits(4, into.year) && in.at_end();
}

std::optional<sys_seconds> time_of(const fields& read) noexcept {
  const year_month_day date(year(static_cast<int>(read.year)), month(read.month + 1), day(read.day));
  if (!date.ok() || read.hour > 23 || read.minute > 59 || read.second > 60) return std::nullopt;
  return sys_seconds(sys_days(date)) + hours(read.hour) + minutes(read.minute) + seconds(read.second);
}

} // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text, sys_seconds now) noexcept {
  fields read;
  if (read_fixdate(reader(text), read) || read_asctime(reader(text), read)) return time_of(read);
  if (!read_rfc850(reader(text), read)) return std::nullopt;
  // The latest century in which it is not more than 50 years ahead, by the calendar.
  const auto today = floor<days>(now);
  const year_month_day date(today);
  const auto this_year = static_cast<int>(date.year());
  if (this_year < 100 || this_year > 9000) return std::nullopt;
  read.year += static_cast<unsigned>(this_year / 100 + 1) * 100;
  const auto within_year = [](unsigned month, unsigned day, seconds time) { return days(month * 31 + day) + time; };
  const auto limit =
      within_year(static_cast<unsigned>(date.month()) - 1, static_cast<unsigned>(date.day()), now - today);
  const auto time = within_year(read.month, read.day, hours(read.hour) + minutes(read.minute) + seconds(read.second));
  const auto years_ahead = [&] { return static_cast<int>(read.year) - this_year; };
  while (years_ahead() > 50 || (years_ahead() == 50 && time > limit)) read.year -= 100;
  return time_of(read);
}

static_text<29> to_http_date(sys_seconds time) noexcept {
  constexpr sys_seconds first = sys_days(year(0) / 1 / 1);
  constexpr sys_seconds last = sys_seconds(sys_days(year(10'000) / 1 / 1)) - seconds(1);
  time = std::clamp(time, first, last);
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(time - midnight);

  static_text<29> text{{"???, ?? ??? ???? ??:??:?? GM"}};
  text.chars.back() = 'T'; // the literal's own end takes a character's place
  const auto put_name = [&](std::size_t at, std::string_view name) {
    std::ranges::copy(name, text.chars.begin() + static_cast<std::ptrdiff_t>(at));
  };
  const auto put = [&](std::size_t at, std::size_t count, unsigned value) {
    for (; count != 0; value /= 10) text.chars[at + --count] = static_cast<char>('0' + value % 10);
  };
  put_name(0, short_days[weekday(midnight).c_encoding()]);
  put(5, 2, static_cast<unsigned>(date.day()));
  put_name(8, months[static_cast<unsigned>(date.month()) - 1]);
  put(12, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put(17, 2, static_cast<unsigned>(clock.hours().count()));
  put(20, 2, static_cast<unsigned>(clock.minutes().count()));
  put(23, 2, static_cast<unsigned>(clock.seconds().count()));
  return text;
}

} // namespace weir
