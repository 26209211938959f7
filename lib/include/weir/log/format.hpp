// Format strings, checked when they are compiled.
#pragma once

#include "weir/log/argument_type.hpp"
#include "weir/log/call_site.hpp"

#include <fmt/core.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
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
  using type = fmt::format_string<checked_t<T>...>;
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

/// Whether some replacement field may end in the presentation type of pointers. May also be true of another's letter.
consteval bool ends_a_field_in_p(std::string_view format) { return format.find("p}") != format.npos; }

template <class... Args>
inline constexpr bool has_text_pointer = (is_text_pointer<Args> || ...);
template <class... Args>
inline constexpr bool may_be_rendered_now = !recorded<Args...>::as_they_are || has_text_pointer<Args...>;

/// Whether a statement with these arguments shows the address of one that is recorded as text: its message is then
/// rendered at the call.
template <class... Args>
consteval bool shows_address(std::string_view format) {
  if constexpr (has_text_pointer<Args...>)
    return ends_a_field_in_p(format);
  else
    return false;
}

/// What a format remembers of that; nothing where it cannot be, so that calls do not hand it over.
template <bool Possible>
struct address_shown {
  consteval explicit address_shown(bool shown) : shows_address(shown) {}
  bool shows_address;
};
template <>
struct address_shown<false> {
  consteval explicit address_shown(bool) {}
  static constexpr bool shows_address = false;
};

// Not constexpr: the compiler names it where a format needs it.
void error_name_values_with_weir_field_instead();

/// A macro's format: only there to be checked.
template <class... Args>
struct checked_format : address_shown<has_text_pointer<Args...>> {
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view>
  consteval checked_format(const Text& format) // NOLINT: a log call is written with the bare literal
      : checked_format::address_shown(detail::shows_address<Args...>(format)) {
    if (names_arguments(format)) error_name_values_with_weir_field_instead();
    static_cast<void>(fmt_format_of<Args...>(format)); // does not compile if the format is wrong
  }
};

/// A macro's statement with arguments of these types.
template <class... Args>
consteval call_site describe(type_list<Args...>, std::string_view format, const char* file, std::uint32_t line,
                             const char* function) {
  using layout = recorded<Args...>;
  if constexpr (layout::as_they_are && has_text_pointer<Args...>)
    if (shows_address<Args...>(format))
      return {format, file, line, function, true, false, false, recorded_as_text<Args...>::types};
  return {format, file, line, function, !layout::as_they_are, false, false, layout::types};
}
/// The same if it has a limit, and its record says how many were held back.
template <class... Args>
consteval call_site describe_counted(type_list<Args...>, std::string_view format, const char* file,
                                     std::uint32_t line, const char* function) {
  return describe(type_list<Args..., field_argument<"suppressed", std::uint64_t>>(), format, file, line, function);
}

/// A function call's format with its place in the source: a literal, or a constant with static storage.
template <class... Args>
struct located_format : address_shown<has_text_pointer<Args...>> {
  // Both are implicit: a log call is to be written as log.info("…", x). Not std::source_location, which clang 14
  // lacks.
  template <std::size_t Size>
  consteval located_format(const char (&literal)[Size], // NOLINT
                           const char* file = __builtin_FILE(), const char* function = __builtin_FUNCTION(),
                           std::uint32_t line = __builtin_LINE())
      : located_format(std::string_view(literal), file, function, line) {}
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view>
  consteval located_format(const Text& constant, // NOLINT
                           const char* file = __builtin_FILE(), const char* function = __builtin_FUNCTION(),
                           std::uint32_t line = __builtin_LINE())
      : located_format(std::string_view(constant), file, function, line) {}
  consteval located_format(std::string_view format, const char* file, const char* function, std::uint32_t line)
      : located_format::address_shown(detail::shows_address<Args...>(format)),
        text{file, function, format.data(), static_cast<std::uint32_t>(format.size()), line} {
    static_cast<void>(fmt_format_of<Args...>(format)); // does not compile if the format is wrong
  }
  call_text text;
};

template <class... Args>
consteval bool fields_stand_last() {
  bool was_field = false;
  for (const bool is_one : std::initializer_list<bool>{is_field<std::remove_cvref_t<Args>>...}) {
    if (was_field && !is_one) return false;
    was_field = is_one;
  }
  return true;
}

} // namespace weir::detail
