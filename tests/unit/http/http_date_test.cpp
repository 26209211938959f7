// HTTP's dates: the three forms, and what is none.
#include "weir/http/http_date.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono;

constexpr sys_seconds at(year_month_day date, int hour, int minute, int second) {
  return sys_seconds(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second);
}

constexpr sys_seconds now = at(year(2026) / 11 / 22, 9, 0, 0);

} // namespace

TEST_CASE("http date: each of the three forms is read (RFC 9110 5.6.7)", "[http][date]") {
  struct row {
    const char* text;
    sys_seconds time;
  };
  const row rows[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", at(year(1994) / 11 / 6, 8, 49, 37)},
      {"Sunday, 06-Nov-94 08:49:37 GMT", at(year(1994) / 11 / 6, 8, 49, 37)},
      {"Sun Nov  6 08:49:37 1994", at(year(1994) / 11 / 6, 8, 49, 37)},
      {"Wed Nov 16 08:49:37 1994", at(year(1994) / 11 / 16, 8, 49, 37)},
      {"Mon, 01 Jan 0001 00:00:00 GMT", at(year(1) / 1 / 1, 0, 0, 0)},
      {"Thu, 29 Feb 2024 23:59:59 GMT", at(year(2024) / 2 / 29, 23, 59, 59)},
      {"Sat, 31 Dec 2016 23:59:60 GMT", at(year(2017) / 1 / 1, 0, 0, 0)},    // a leap second
      {"Mon, 06 Nov 1994 08:49:37 GMT", at(year(1994) / 11 / 6, 8, 49, 37)}, // it was a Sunday
  };
  for (const row& each : rows) {
    INFO(each.text);
    CHECK(weir::parse_http_date(each.text, now) == each.time);
  }
}

TEST_CASE("http date: two digits of a year are at most 50 years ahead (RFC 9110 5.6.7)", "[http][date]") {
  struct row {
    const char* text;
    sys_seconds time;
  };
  const row rows[] = {
      {"Sunday, 22-Nov-76 08:59:59 GMT", at(year(2076) / 11 / 22, 8, 59, 59)},
      {"Sunday, 22-Nov-76 09:00:00 GMT", at(year(2076) / 11 / 22, 9, 0, 0)},
      {"Sunday, 22-Nov-76 09:00:01 GMT", at(year(1976) / 11 / 22, 9, 0, 1)},
      {"Sunday, 01-Jan-77 00:00:00 GMT", at(year(1977) / 1 / 1, 0, 0, 0)},
      {"Sunday, 01-Jan-00 00:00:00 GMT", at(year(2000) / 1 / 1, 0, 0, 0)},
      {"Sunday, 29-Feb-28 00:00:00 GMT", at(year(2028) / 2 / 29, 0, 0, 0)},
  };
  for (const row& each : rows) {
    INFO(each.text);
    CHECK(weir::parse_http_date(each.text, now) == each.time);
  }
}

TEST_CASE("http date: anything else is none", "[http][date]") {
  for (const char* text : {"",
                           "now",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 gmt",
                           "sun, 06 nov 1994 08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Tue, 29 Feb 2023 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT, x",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sun Nov 06 08:49:37 94",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun, +6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "1994-11-06T08:49:37Z",
                           "784111777"}) {
    INFO(text);
    CHECK_FALSE(weir::parse_http_date(text, now));
  }
}

TEST_CASE("http date: what is written is the first form, and reads back", "[http][date]") {
  CHECK(weir::to_http_date(at(year(1994) / 11 / 6, 8, 49, 37)).view() == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(weir::to_http_date(sys_seconds{}).view() == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(weir::to_http_date(sys_seconds(seconds(-1))).view() == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(weir::to_http_date(sys_seconds::max()).view() == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(weir::to_http_date(sys_seconds::min()).view() == "Sat, 01 Jan 0000 00:00:00 GMT");
  for (auto time = sys_seconds{}; time < now; time += 1'234'567s)
    REQUIRE(weir::parse_http_date(weir::to_http_date(time), now) == time);
}
