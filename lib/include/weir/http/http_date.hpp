// Times as HTTP's headers carry them.
#pragma once

#include "weir/trace/static_text.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace weir {

/// The time that `text` says, in any of the three forms: `Sun, 06 Nov 1994 08:49:37 GMT`, the obsolete
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. Names are case-sensitive; the day's name has to
/// be one, but not the right one. A leap second is the second after it. `now`: a year of two digits that would be
/// more than 50 years ahead of it is the one a century before. Result: nullopt for anything else. Thread-safe;
/// allocates nothing. Source: RFC 9110, section 5.6.7.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now) noexcept;

/// `time` in the first of the forms. What lies outside the years 0 to 9999 becomes the nearest time in them.
/// Thread-safe; allocates nothing. Source: RFC 9110, section 5.6.7.
static_text<29> to_http_date(std::chrono::sys_seconds time) noexcept;

} // namespace weir
