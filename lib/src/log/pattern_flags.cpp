#include "log/pattern_flags.hpp"

#include "log/number_text.hpp"
#include "log/pattern.hpp"
#include "log/text_ids.hpp"
#include "weir/log/record.hpp"

#include <unistd.h>

#include <cstring>

namespace weir::detail {

namespace {

// Rather than to_string_view(), which says "warn".
std::string_view spdlog_name(level severity) noexcept {
  return severity == level::warn ? std::string_view("warning") : to_string_view(severity);
}

/// A forked child renders on threads of its own, so each thread may ask once.
std::uint32_t process_id() noexcept {
  thread_local const auto id = static_cast<std::uint32_t>(::getpid());
  return id;
}

/// Without the space in front of the first.
void write_bare_fields(line_writer& line, const record& entry) {
  const std::size_t begin = line.yield().size();
  entry.write_fields(line, field_style::text);
  text_buffer& out = line.yield();
  if (out.size() == begin) return;
  std::memmove(out.data() + begin, out.data() + begin + 1, out.size() - begin - 1);
  out.resize(out.size() - 1);
  line.resume();
}

void write_ids(line_writer& line, char flag, const correlation* ids) {
  if (ids == nullptr) return;
  if (flag == 'W')
    append_trace_id(line, *ids);
  else if (flag == 'w')
    append_span_id(line, *ids);
  else
    append_ids(line, *ids);
}

void append_file(line_writer& line, const source_position& at, bool whole_path) {
  const std::size_t name = whole_path ? 0 : at.file.rfind('/') + 1; // npos + 1 is 0
  line.append_escaped(at.file.substr(name), field_style::text);
}

void append_place(line_writer& line, const source_position& at, bool whole_path) {
  append_file(line, at, whole_path);
  line.append(':');
  append_number(line, at.line);
}

void write_position(line_writer& line, char flag, const source_position& at) {
  if (at.file.empty() || at.line == 0) return; // not known
  switch (flag) {
  case 's':
    return append_file(line, at, false);
  case 'g':
    return append_file(line, at, true);
  case '#':
    return append_number(line, at.line);
  case '!':
    return line.append_escaped(at.function, field_style::text);
  case '@':
    return append_place(line, at, true);
  default: // pattern_piece::placed
    line.append('[');
    append_place(line, at, false);
    line.append("] ");
  }
}

} // namespace

bool belongs_to_head(char flag) noexcept {
  return flag == 'n' || flag == 'l' || flag == 'L' || flag == '^' || flag == '$' || flag == pattern_piece::named;
}

void append_head_flag(text_buffer& out, char flag, level severity, std::string_view logger) {
  const auto append_name = [&] { append_escaped(out, logger, field_style::text); };
  switch (flag) {
  case 'n':
    return append_name();
  case 'l':
    return weir::append(out, spdlog_name(severity));
  case 'L':
    return out.push_back("TDIWECO"[static_cast<std::size_t>(severity)]);
  default: // pattern_piece::named
    if (logger.empty()) return;
    weir::append(out, "[");
    append_name();
    weir::append(out, "] ");
  }
}

void write_record_flag(line_writer& out, char flag, const record& entry) {
  switch (flag) {
  case 'v':
    return entry.write_message(out, field_style::text);
  case pattern_piece::rest_fields:
    return entry.write_fields(out, field_style::text);
  case '&':
    return write_bare_fields(out, entry);
  case pattern_piece::rest_ids:
  case 'W':
  case 'w':
    return write_ids(out, flag, entry.ids());
  case 't':
    return append_number(out, entry.thread_id());
  case 'P':
    return append_number(out, process_id());
  default:
    return write_position(out, flag, entry.position());
  }
}

void append_number(line_writer& out, std::uint64_t value) {
  out.advance_to(write_integer(out.reserve(longest_number), value));
}

} // namespace weir::detail
