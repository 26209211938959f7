// Format strings, checked when they are compiled.
#pragma once

#include "weir/log/argument_type.hpp"
#include "weir/log/call_site.hpp"

#include <fmt/core.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace weir::detail {

// The arguments that a format string speaks of: all but the fields.
template <class Kept, class... Rest>
struct without_fields {
  using type = Kept;
};
template <class... Kept, class First, class... Rest>
struct without_fields<type_list<Kept...>, First, Rest...>
    : without_fields<std::conditional_t<is_field<First>, type_list<Kept...>, type_list<Kept..., First>>, Rest...> {};

template <class List>
struct fmt_format;
template <class... T>
struct fmt_format<type_list<T...>> {
  using type = fmt::format_string<loggable_t<T>...>;
};
/// fmt's compile-time check of a format string against the arguments of a statement.
template <class... Args>
using fmt_format_of =
    typename fmt_format<typename without_fields<type_list<>, std::remove_cvref_t<Args>...>::type>::type;

/// `{name}`: fields have the names here.
consteval bool names_arguments(std::string_view format) {
  for (std::size_t i = 0; i + 1 < format.size(); ++i) {
    const char next = format[i + 1];
    if (format[i] == '{' && next == '{')
      ++i;
    else if (format[i] == '{' && next != '}' && next != ':' && (next < '0' || next > '9'))
      return true;
  }
  return false;
}

// Not constexpr: the compiler names it where a format needs it.
void error_name_values_with_weir_field_instead();

/// A macro's format: only there to be checked.
template <class... Args>
struct checked_format {
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view>
  consteval checked_format(const Text& format) { // NOLINT: a log call is written with the bare literal
    if (names_arguments(format)) error_name_values_with_weir_field_instead();
    static_cast<void>(fmt_format_of<Args...>(format)); // does not compile if the format is wrong
  }
};

/// A function call's format string literal with its place in the source.
template <class... Args>
struct located_format {
  template <std::size_t Size>
  // Implicit: a log call is to be written as log.info("…", x). Not std::source_location, which clang 14 lacks.
  consteval located_format(const char (&literal)[Size], // NOLINT
                           const char* file = __builtin_FILE(), const char* function = __builtin_FUNCTION(),
                           std::uint32_t line = __builtin_LINE())
      : text{file, function, literal, Size - 1, line} {
    static_cast<void>(fmt_format_of<Args...>(literal)); // does not compile if the format is wrong
  }
  call_text text;
};

template <class... Args>
consteval bool fields_stand_last() {
  bool seen = false, ordered = true;
  ((ordered = ordered && (is_field<std::remove_cvref_t<Args>> || !seen),
    seen = seen || is_field<std::remove_cvref_t<Args>>),
   ...);
  return ordered;
}

} // namespace weir::detail
