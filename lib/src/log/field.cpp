// How fields are written, in text and in JSON.
#include "log/escape.hpp"
#include "weir/log/call_site.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace weir::detail {

namespace {

template <class Integer>
void append_integer(text_buffer& out, std::string_view prefix, Integer value) {
  append(out, prefix);
  constexpr std::size_t most_digits = 24;
  out.reserve(out.size() + most_digits);
  char* const at = out.data() + out.size();
  out.resize(static_cast<std::size_t>(std::to_chars(at, at + most_digits, value).ptr - out.data()));
}

/// In the fewest digits that read back as the same value of its type.
template <class Floating>
void append_floating(text_buffer& out, std::string_view prefix, Floating value, field_style style) {
  append(out, prefix);
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
  return !value.empty() && is_plain(value, field_style::json) && value.find(' ') == value.npos &&
         value.find('=') == value.npos;
}

} // namespace

void append_field(text_buffer& out, std::string_view prefix, std::string_view value, field_style style) {
  append(out, prefix);
  if (style == field_style::text && stands_alone(value)) return append(out, value);
  out.push_back('"');
  append_escaped(out, value, field_style::json);
  out.push_back('"');
}

void append_field(text_buffer& out, std::string_view prefix, bool value, field_style) {
  append(out, prefix);
  append(out, value ? "true" : "false");
}

void append_field(text_buffer& out, std::string_view prefix, std::int64_t value, field_style) {
  append_integer(out, prefix, value);
}

void append_field(text_buffer& out, std::string_view prefix, std::uint64_t value, field_style) {
  append_integer(out, prefix, value);
}

void append_field(text_buffer& out, std::string_view prefix, float value, field_style style) {
  append_floating(out, prefix, value, style);
}

void append_field(text_buffer& out, std::string_view prefix, double value, field_style style) {
  append_floating(out, prefix, value, style);
}

} // namespace weir::detail
