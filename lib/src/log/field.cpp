// How fields are written, in text and in JSON.
#include "log/escape.hpp"
#include "weir/log/call_site.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace weir::detail {

namespace {

void append_key(text_buffer& out, std::string_view key, field_style style) {
  if (style == field_style::json) {
    append(out, ",\"");
    append(out, key);
    append(out, "\":");
  } else {
    out.push_back(' ');
    append(out, key);
    out.push_back('=');
  }
}

template <class Integer>
void append_integer(text_buffer& out, Integer value) {
  char digits[24];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

/// In the fewest digits that read back as the same value of its type.
template <class Floating>
void append_floating(text_buffer& out, std::string_view key, Floating value, field_style style) {
  append_key(out, key, style);
  if (std::isfinite(value)) {
    fmt::format_to(fmt::appender(out), FMT_COMPILE("{}"), value);
  } else {
    const std::string_view name = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    if (style == field_style::json) out.push_back('"');
    append(out, name);
    if (style == field_style::json) out.push_back('"');
  }
}

/// Text without a space, a quote or an equals sign can be read back without quotes.
bool stands_alone(std::string_view value) noexcept {
  return !value.empty() && value.find_first_of(" \"=") == value.npos && is_plain(value, field_style::json);
}

} // namespace

void append_field(text_buffer& out, std::string_view key, std::string_view value, field_style style) {
  append_key(out, key, style);
  if (style == field_style::text && stands_alone(value)) return append(out, value);
  out.push_back('"');
  append_escaped(out, value, field_style::json);
  out.push_back('"');
}

void append_field(text_buffer& out, std::string_view key, bool value, field_style style) {
  append_key(out, key, style);
  append(out, value ? "true" : "false");
}

void append_field(text_buffer& out, std::string_view key, std::int64_t value, field_style style) {
  append_key(out, key, style);
  append_integer(out, value);
}

void append_field(text_buffer& out, std::string_view key, std::uint64_t value, field_style style) {
  append_key(out, key, style);
  append_integer(out, value);
}

void append_field(text_buffer& out, std::string_view key, float value, field_style style) {
  append_floating(out, key, value, style);
}

void append_field(text_buffer& out, std::string_view key, double value, field_style style) {
  append_floating(out, key, value, style);
}

} // namespace weir::detail
