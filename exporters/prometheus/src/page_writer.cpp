#include "page_writer.hpp"

#include "weir/trace/ids.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

namespace weir::detail {
namespace {

// The largest power of two below which every whole number is a double.
constexpr double exact_integers = 9007199254740992.0;

} // namespace

std::string page_writer::cut(std::size_t from) {
  std::string rest = text_.substr(from);
  text_.resize(from);
  return rest;
}

std::string page_writer::finish() {
  if (format_ == dialect::openmetrics) text_ += "# EOF\n";
  return std::move(text_);
}

void page_writer::metadata(std::string_view name, std::string_view type, std::string_view help) {
  if (format_ == dialect::text) add_help(name, help, false);
  *this << "# TYPE " << name << ' ' << type << '\n';
  if (format_ == dialect::text) return;
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (name.ends_with(unit) && name.size() > unit.size() && name[name.size() - unit.size() - 1] == '_')
      *this << "# UNIT " << name << ' ' << unit << '\n';
  }
  add_help(name, help, true);
}

void page_writer::add_help(std::string_view name, std::string_view help, bool escape_quotes) {
  *this << "# HELP " << name << ' ';
  add_escaped(help, escape_quotes);
  *this << '\n';
}

void page_writer::add_escaped(std::string_view text, bool quotes) {
  const std::string_view special = quotes ? "\\\n\"" : "\\\n";
  while (true) {
    const std::size_t plain = std::min(text.find_first_of(special), text.size());
    text_ += text.substr(0, plain);
    if (plain == text.size()) return;
    text_ += '\\';
    text_ += text[plain] == '\n' ? 'n' : text[plain];
    text.remove_prefix(plain + 1);
  }
}

void page_writer::number(std::uint64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text_.append(digits.data(), end);
}

void page_writer::number(double value) {
  if (std::isnan(value)) {
    text_ += "NaN";
  } else if (std::isinf(value)) {
    text_ += value > 0 ? "+Inf" : "-Inf";
  } else if (value >= 0 && value < exact_integers && value == std::floor(value)) {
    // The same number, but easier to read than its shortest form, which for a million is 1e+06.
    number(static_cast<std::uint64_t>(value));
  } else {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text_.append(digits.data(), end);
  }
}

void page_writer::add(const exemplar& of) {
  *this << " # {trace_id=\"" << to_hex(trace_id{of.trace_id_high, of.trace_id_low}).view();
  if (of.span_id != 0) *this << "\",span_id=\"" << to_hex(span_id{of.span_id}).view();
  *this << "\"} ";
  number(of.value);
  *this << ' ';
  const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(of.time.time_since_epoch()).count();
  number(static_cast<std::uint64_t>(since_epoch / 1000));
  const std::string thousandths = std::to_string(1000 + since_epoch % 1000);
  *this << '.' << std::string_view(thousandths).substr(1);
}

std::string canonical_bound(double bound) {
  if (std::isinf(bound)) return bound > 0 ? "+Inf" : "-Inf";
  // What %g would print, as short as reads back the same, and marked as floating point.
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bound, std::chars_format::general).ptr;
  std::string text(digits.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

} // namespace weir::detail
