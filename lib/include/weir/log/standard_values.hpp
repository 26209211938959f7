// Standard types as text: error codes, exceptions, durations.
#pragma once

#include "weir/log/argument_shape.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir::detail {

std::string error_text(const char* category, int value, const std::string& message);
/// Of an error code or condition: `generic:2 No such file or directory`. At the call: its category may be a static
/// object that is destroyed before the record is written.
template <class Error>
std::string error_text(const Error& error) noexcept {
  try {
    return error_text(error.category().name(), error.value(), error.message());
  } catch (...) {
    return "[unformattable]"; // short enough to need no memory
  }
}

/// A duration where <fmt/chrono.h> is not included; written as fmt writes it: `1500ms`.
template <class Rep, class Period>
struct plain_duration {
  Rep count;
};
std::string duration_text(std::int64_t count, std::intmax_t numerator, std::intmax_t denominator);
std::string duration_text(std::uint64_t count, std::intmax_t numerator, std::intmax_t denominator);
std::string duration_text(double count, std::intmax_t numerator, std::intmax_t denominator);

template <class Rep, class Period>
constexpr plain_duration<Rep, Period> to_plain(const std::chrono::duration<Rep, Period>& duration) noexcept {
  return {duration.count()};
}

/// Whether a replacement field has what fmt's own formatter of durations takes beyond a string's: `%S`. Not `%` as
/// the character that fills the width.
constexpr bool has_time_specification(std::string_view field) noexcept {
  field = field.substr(0, field.find('}'));
  if (field.size() > 1 && (field[1] == '<' || field[1] == '>' || field[1] == '^')) field.remove_prefix(2);
  return field.find('%') != field.npos;
}
// Not constexpr: the compiler names it where a format needs it.
[[noreturn]] void error_include_fmt_chrono_h_for_this_specification();

/// For formatters of what is written as text: takes the specifications that fmt takes for a string.
struct as_text_formatter : fmt::formatter<fmt::string_view> {
  fmt::format_context::iterator write(std::string_view text, fmt::format_context& context) const;
};

/// A pointer to characters in a message that shows its address somewhere.
struct text_pointer {
  const char* text;
};

/// Of an exception: what(), and behind colons that of each exception nested in it.
std::string exception_text(const std::exception& error) noexcept;
/// The same; "none" of a null pointer, "unknown exception" of what is not a std::exception.
std::string exception_text(const std::exception_ptr& error) noexcept;

/// Base of what is rendered at the call, whatever it is: it has `std::string text() const noexcept`.
struct rendered_now {};

} // namespace weir::detail

/// `{:p}` is its address; else the text, and of a null pointer `(null)`.
template <>
struct fmt::formatter<weir::detail::text_pointer> : fmt::formatter<const char*> {
  constexpr auto parse(fmt::format_parse_context& context) {
    const auto begin = context.begin();
    const auto end = fmt::formatter<const char*>::parse(context);
    shows_address_ = end != begin && end[-1] == 'p';
    return end;
  }
  fmt::format_context::iterator format(weir::detail::text_pointer pointer, fmt::format_context& context) const;

 private:
  bool shows_address_ = false;
};

template <class Rep, class Period>
struct fmt::formatter<weir::detail::plain_duration<Rep, Period>> : weir::detail::as_text_formatter {
  constexpr auto parse(fmt::format_parse_context& context) {
    if (weir::detail::has_time_specification({context.begin(), context.end()}))
      weir::detail::error_include_fmt_chrono_h_for_this_specification();
    return weir::detail::as_text_formatter::parse(context);
  }
  auto format(const weir::detail::plain_duration<Rep, Period>& value, fmt::format_context& context) const {
    using wide = std::conditional_t<std::is_floating_point_v<Rep>, double,
                                    std::conditional_t<std::is_signed_v<Rep>, std::int64_t, std::uint64_t>>;
    return write(weir::detail::duration_text(static_cast<wide>(value.count), Period::num, Period::den), context);
  }
};
