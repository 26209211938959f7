#include "weir/log/structure.hpp"

#include "log/escape.hpp"
#include "log/number_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace weir::detail {

namespace {

constexpr std::string_view ellipsis = "…";

} // namespace

void structure_writer::none() { out_ += style_ == structure_style::json ? "null" : "none"; }

void structure_writer::write(bool value) { out_ += value ? "true" : "false"; }

template <class Number>
void structure_writer::write_number(Number value) {
  char digits[longest_number];
  char* end;
  if constexpr (std::is_integral_v<Number>)
    end = write_integer(digits, value);
  else
    end = write_floating(digits, value);
  out_.append(digits, end);
}

void structure_writer::write(std::int32_t value) { write_number(value); }
void structure_writer::write(std::uint32_t value) { write_number(value); }
void structure_writer::write(std::int64_t value) { write_number(value); }
void structure_writer::write(std::uint64_t value) { write_number(value); }

void structure_writer::write(float value) {
  std::isfinite(value) ? write_number(value) : write(static_cast<double>(value));
}

void structure_writer::write(double value) {
  if (std::isfinite(value) || style_ == structure_style::message) return write_number(value);
  // JSON has no number for these: the strings that fields use.
  write(std::isnan(value) ? std::string_view("NaN") : value > 0 ? std::string_view("Infinity") : "-Infinity");
}

void structure_writer::write(const void* value) {
  const std::string address = fmt::format("{}", value);
  style_ == structure_style::json ? quoted(address, '"') : static_cast<void>(out_ += address);
}

void structure_writer::write(char value) {
  if (style_ == structure_style::json)
    quoted({&value, 1}, '"');
  else if (depth_ == 0)
    out_ += value;
  else
    quoted({&value, 1}, '\'');
}

void structure_writer::write(std::string_view value) {
  style_ == structure_style::message&& depth_ == 0 ? static_cast<void>(out_ += value) : quoted(value, '"');
}

void structure_writer::formatted(fmt::format_args one) {
  if (style_ == structure_style::json)
    quoted(fmt::vformat("{}", one), '"');
  else
    fmt::vformat_to(std::back_inserter(out_), "{}", one);
}

void structure_writer::quoted(std::string_view raw, char quote) {
  text_buffer escaped;
  if (in_key_ && style_ == structure_style::json)
    append_escaped_key(escaped, raw);
  else if (quote == '"' || (raw != "\"" && raw != "'"))
    append_escaped(escaped, raw, field_style::json);
  else // between single quotes it is they that need the backslash
    append(escaped, raw == "'" ? "\\'" : "\"");
  out_ += quote;
  out_.append(escaped.data(), escaped.size());
  out_ += quote;
}

void structure_writer::open(brackets with) {
  ++depth_;
  first_ = true;
  if (style_ == structure_style::json)
    out_ += with == brackets::map ? '{' : '[';
  else
    out_ += with == brackets::list ? '[' : with == brackets::tuple ? '(' : '{';
}

bool structure_writer::next(brackets within) {
  if (!first_) out_ += style_ == structure_style::json ? "," : ", ";
  first_ = false;
  in_key_ = within == brackets::map;
  if (out_.size() < most_bytes || within == brackets::tuple) return true;
  style_ == structure_style::json ? quoted(ellipsis, '"') : static_cast<void>(out_ += ellipsis);
  if (within == brackets::map && style_ == structure_style::json) out_ += ":null";
  return false;
}

void structure_writer::colon() {
  out_ += style_ == structure_style::json ? ":" : ": ";
  in_key_ = false;
}

void structure_writer::close(brackets with) {
  --depth_;
  first_ = false;
  if (style_ == structure_style::json)
    out_ += with == brackets::map ? '}' : ']';
  else
    out_ += with == brackets::list ? ']' : with == brackets::tuple ? ')' : '}';
}

std::string written_structure(void (*write)(structure_writer&, const void*), const void* value,
                              structure_style style) noexcept {
  std::string text;
  try {
    structure_writer writer(text, style);
    write(writer, value);
  } catch (...) {
    // Short enough to need no memory.
    text = style == structure_style::json ? "\"unformattable\"" : "[unformattable]";
  }
  return text;
}

} // namespace weir::detail
