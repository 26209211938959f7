// Access records as lines in the notation of Apache's LogFormat, for the tools that read those.
#pragma once

#include "weir/log/renderer.hpp"

#include <memory>
#include <string_view>

namespace weir {

/// `203.0.113.9 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b HTTP/1.1" 200 2326`
inline constexpr std::string_view common_log_format = R"(%h %l %u %t "%r" %>s %b)";
/// The same with ` "<Referer>" "<User-Agent>"` behind it; the access log has to be told to keep these two, see
/// access_log_options::headers.
inline constexpr std::string_view combined_log_format = R"(%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i")";

/// A renderer for a sink of the access log. `format` is in the notation of Apache's LogFormat; what is not known is a
/// hyphen.
///
///   %h %a client's address    %l %u -                       %t [10/Oct/2000:13:55:36 -0700]
///   %r request line           %m method                     %U path    %q ? and the query, or nothing
///   %H HTTP/1.1               %s %>s status; 499 if the client left before one was sent
///   %B bytes of the response's body, %b the same but - for none, %I of the request's
///   %D %{us}T microseconds    %{ms}T milliseconds           %T %{s}T seconds, all cut
///   %{Name}i request header, as far as the access log keeps it
///   %R route template         %{key}n the record's field of this key, or trace_id, span_id    %% a percent sign
///
/// Quotes and backslashes in values stand behind a backslash; ASCII's control characters, and each byte of broken
/// UTF-8, as \n \t \r \xhh; the other control characters and line separators of Unicode as \u0085 \u2028: a line is
/// one line, and a quoted value ends where its quotes do. `zone`: of %t. Records that are not the access log's have
/// their message in the place of %r. Errors: throws std::invalid_argument naming what is wrong, and where, in a
/// format. Source: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats
std::unique_ptr<renderer> as_access_line(std::string_view format = combined_log_format,
                                         pattern_time zone = pattern_time::local);

} // namespace weir
