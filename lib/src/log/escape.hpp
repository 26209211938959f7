// Makes rendered text safe to print: valid UTF-8, and one line.
#pragma once

#include "weir/log/record.hpp"
#include "weir/log/text_buffer.hpp"

#include <cstddef>
#include <string_view>

namespace weir::detail {

/// Appends `raw`, escaped:
///
///   byte or character                                   text       JSON
///   line feed, carriage return, tab                     \n \r \t   \n \r \t
///   other control characters (C0, DEL, C1)              \x1b       \u001b
///   U+2028, U+2029 (line and paragraph separator)       \u2028     \u2028
///   a byte that is not part of valid UTF-8              \xff       \\xff
///   quote, backslash                                    as is      \" \\ (each behind a backslash)
///
/// Cost: a scan eight bytes at a time; only what has to be escaped costs more.
/// Source: RFC 8259 section 7; Unicode 15, table 3-7 (well-formed UTF-8).
void append_escaped(text_buffer& out, std::string_view raw, field_style style);

/// The same as JSON for an object's key, so that different keys stay different: where the four characters of an
/// escaped byte stand in `raw` as they are, their backslash is escaped as a byte, `\\x5cxff`.
void append_escaped_key(text_buffer& out, std::string_view raw);

/// The same for what stands at the end of `out` from `begin` on, in place.
void escape_tail(text_buffer& out, std::size_t begin, field_style style);

/// Copies `raw` to `to`, which has room for it, if append_escaped would copy it unchanged, judged as by is_plain().
/// If not, returns false, and what stands there is worth nothing. Cost: sixteen bytes at a time.
bool copy_if_plain(char* to, std::string_view raw, field_style style) noexcept;

/// The same for text that a reader of `key=value` can tell the end of: no space, no quote, no equals sign; not empty.
bool copy_if_token(char* to, std::string_view raw) noexcept;

/// Whether append_escaped would copy `raw` unchanged, judged without decoding: false for all that is not ASCII.
bool is_plain(std::string_view raw, field_style style) noexcept;

} // namespace weir::detail
