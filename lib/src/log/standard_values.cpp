#include "weir/log/standard_values.hpp"

#include <fmt/format.h>

namespace weir::detail {

namespace {

template <class Count>
std::string with_unit(Count count, std::intmax_t numerator, std::intmax_t denominator) {
  std::string text;
  if constexpr (std::is_floating_point_v<Count>)
    text = fmt::format("{:g}", count);
  else
    text = fmt::format("{}", count);
  const auto is = [&](std::intmax_t n, std::intmax_t d) { return numerator == n && denominator == d; };
  if (is(1, 1'000'000'000)) return text + "ns";
  if (is(1, 1'000'000)) return text + "µs";
  if (is(1, 1'000)) return text + "ms";
  if (is(1, 1)) return text + "s";
  if (is(60, 1)) return text + "m";
  if (is(3600, 1)) return text + "h";
  if (denominator == 1) return fmt::format("{}[{}]s", text, numerator);
  return fmt::format("{}[{}/{}]s", text, numerator, denominator);
}

void append_nested(std::string& text, const std::exception& error);

/// Calls `raise`, which throws, and appends what it threw.
template <class Raise>
void append_thrown(std::string& text, Raise raise) {
  try {
    raise();
  } catch (const std::exception& error) {
    append_nested(text, error);
  } catch (...) {
    text += "unknown exception";
  }
}

void append_nested(std::string& text, const std::exception& error) {
  text += error.what();
  const auto* const outer = dynamic_cast<const std::nested_exception*>(&error);
  if (outer == nullptr || outer->nested_ptr() == nullptr) return;
  text += ": ";
  append_thrown(text, [&] { outer->rethrow_nested(); });
}

/// Only memory can be short here.
template <class Append>
std::string text_or_nothing(Append append) noexcept {
  try {
    std::string text;
    append(text);
    return text;
  } catch (...) {
    return "[no memory]";
  }
}

} // namespace

std::string error_text(const char* category, int value, const std::string& message) {
  return fmt::format("{}:{} {}", category, value, message);
}

void error_include_fmt_chrono_h_for_this_specification() {
  throw fmt::format_error("a duration's specification wants <fmt/chrono.h>");
}

std::string duration_text(std::int64_t count, std::intmax_t numerator, std::intmax_t denominator) {
  return with_unit(count, numerator, denominator);
}
std::string duration_text(std::uint64_t count, std::intmax_t numerator, std::intmax_t denominator) {
  return with_unit(count, numerator, denominator);
}
std::string duration_text(double count, std::intmax_t numerator, std::intmax_t denominator) {
  return with_unit(count, numerator, denominator);
}

fmt::format_context::iterator as_text_formatter::write(std::string_view text, fmt::format_context& context) const {
  return format(fmt::string_view(text.data(), text.size()), context);
}

std::string exception_text(const std::exception& error) noexcept {
  return text_or_nothing([&](std::string& text) { append_nested(text, error); });
}

std::string exception_text(const std::exception_ptr& error) noexcept {
  if (error == nullptr) return "none";
  return text_or_nothing([&](std::string& text) { append_thrown(text, [&] { std::rethrow_exception(error); }); });
}

} // namespace weir::detail

fmt::format_context::iterator fmt::formatter<weir::detail::text_pointer>::format(weir::detail::text_pointer pointer,
                                                                                 fmt::format_context& context) const {
  const bool is_missing = pointer.text == nullptr && !shows_address_;
  return fmt::formatter<const char*>::format(is_missing ? "(null)" : pointer.text, context);
}
