// Renderers: from a record to one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace weir {

class record;
class text_buffer;

/// Bytes of a line, from its begin; empty if `begin` is not below `end`.
struct colour_range {
  std::size_t begin = 0, end = 0;
};

/// Turns a record into one line, line feed included; whatever the record holds, the line is valid UTF-8 and one line.
/// Each sink has a renderer of its own, called by the backend thread only, so an implementation may keep state.
class renderer {
 public:
  virtual ~renderer() = default;
  virtual void render(const record& entry, text_buffer& out) = 0;
  /// What a console may colour of the line rendered last; nullopt leaves it to the console. Empty for lines that
  /// programs read (JSON, logfmt, access lines): escape codes would break them, and terminals have logs, too (docker
  /// run -t).
  virtual std::optional<colour_range> colour() const noexcept { return std::nullopt; }
};

/// For people: `2026-11-21T19:35:21.123456Z <level> [<logger>] <message> <key>=<value>… trace_id=… span_id=…`. The
/// time is UTC (RFC 3339). Strings stand in quotes, escaped as in JSON, where a reader could not tell where they end.
std::unique_ptr<renderer> as_text();

/// Whose time of day a pattern's flags show.
enum class pattern_time : std::uint8_t { local, utc };

/// Text by a pattern in spdlog's notation, with spdlog's output: `[%Y-%m-%d %H:%M:%S.%e] [%^%l%$] %v`.
///
///   %v message               %n logger               %l level (warning, not warn)  %L its first letter, a capital
///   %Y %m %d year, month (01), day                   %C year of the century        %D %x month/day/year
///   %a %A day of the week, short and long            %b %h %B month, short and long
///   %H %M %S hour, minute, second                    %I %p hour of the half day, AM or PM
///   %T %X %H:%M:%S           %R %H:%M                %r %I:%M:%S %p                %c Sat Nov 21 19:35:21 2026
///   %e %f %F milli-, micro-, nanoseconds             %E seconds since 1970         %z offset from UTC, +01:00
///   %s file  %g its path  %# line  %@ path:line  %! function
///   %t thread (gettid(2))    %P process
///   %O %o %i %u seconds, milli-, micro-, nanoseconds since the renderer's record before
///   %^ %$ begin and end of what a console colours    %% a percent sign
///   %+ spdlog's default: [%Y-%m-%d %H:%M:%S.%e] [%n] [%^%l%$] [%s:%#] %v
///   weir's own: %& fields, `key=value` with spaces between    %W trace id    %w span id
///
/// Fields and ids that the pattern does not place stand behind the last message, as as_text() writes them. A flag may
/// have a width in characters, at most 64: `%8l` right-aligned, `%-8l` left, `%=8l` centred, each with `!` behind the
/// digits if what is longer is to be cut. `%8!` before what takes no width is the function; so it is in spdlog, but
/// for a pattern's end, where spdlog writes nothing, and for `%`, `^`, `$` and `+`. Tabs of the pattern are kept.
/// Colour: as the pattern says, that is, none without `%^` and `%$`. Differences from spdlog 1.10: a width is that of
/// what is written, where spdlog takes one for granted (`%D`, `%c`) or counts bytes; what the message and names hold
/// is escaped. Errors: throws std::invalid_argument naming what and where for an unknown flag, a width that is none,
/// control characters and broken UTF-8. Cost: the parts that change with the second, or with level and logger, are
/// kept; the rest is written record by record.
std::unique_ptr<renderer> as_text(std::string_view pattern, pattern_time zone = pattern_time::local);

/// For people and programs, `key=value` pairs (logfmt, as Go's and Heroku's tools read it): time, level, logger,
/// message, trace_id, span_id (when there are any), then the fields. Values stand in quotes, escaped as in JSON, if
/// they are empty strings, the string `null`, or have a space, quote, equals sign, backslash or control character in
/// them. Numbers that JSON does not have are NaN, Infinity, -Infinity.
std::unique_ptr<renderer> as_logfmt();

/// What a line of JSON has besides what it always has.
struct json_options {
  /// Where the statement stands in the source, as far as that is known, behind the ids: `code.file.path`,
  /// `code.line.number`, `code.function.name` (OpenTelemetry's names). Default: no. Costs some 100 bytes a line.
  bool position = false;
};

/// For programs, one JSON object a line (RFC 8259): time, level, logger, message, trace_id, span_id (when there are
/// any), then the fields with their types kept: the statement's in their order, its logger's, its context's; no key
/// comes twice. Numbers that JSON does not have become the strings "NaN", "Infinity", "-Infinity". Integers have all
/// their digits, also those that a reader with nothing but doubles rounds (beyond 2^53).
std::unique_ptr<renderer> as_json(json_options options = {});

} // namespace weir
