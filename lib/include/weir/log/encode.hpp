// From a log statement's arguments to the bytes in a record, and back.
#pragma once

#include "weir/log/argument_shape.hpp"
#include "weir/log/standard_values.hpp"
#include "weir/log/structure.hpp"

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir {

/// Specialise to true for a trivially copyable, default constructible type without pointers or views: its bytes are
/// then copied into the record and its fmt::formatter runs on the backend thread. Other types are rendered at the
/// call site. What the formatter looks at beside the bytes, such as a table of names, has to be there until the
/// process ends: a static object is not, as records that are still queued are formatted behind its destructor.
template <class T>
inline constexpr bool copy_safe = false;
template <class Rep, class Period>
inline constexpr bool copy_safe<std::chrono::duration<Rep, Period>> = std::is_arithmetic_v<Rep>;
template <class Clock, class Duration>
inline constexpr bool copy_safe<std::chrono::time_point<Clock, Duration>> = copy_safe<Duration>;
template <>
inline constexpr bool copy_safe<long double> = true;
template <class Rep, class Period>
inline constexpr bool copy_safe<detail::plain_duration<Rep, Period>> = true;

namespace detail {

/// True of field_argument (field.hpp).
template <class T>
inline constexpr bool is_field = false;

/// Integers travel in two sizes, so that the backend knows few types.
template <class T>
using wide_integer =
    std::conditional_t<std::is_signed_v<T>, std::conditional_t<(sizeof(T) > 4), std::int64_t, std::int32_t>,
                       std::conditional_t<(sizeof(T) > 4), std::uint64_t, std::uint32_t>>;
template <class T>
inline constexpr bool is_plain_integer = std::is_integral_v<T> && !std::is_same_v<T, bool> &&
                                         !std::is_same_v<T, char> && sizeof(T) <= sizeof(std::int64_t);
template <class T>
inline constexpr bool is_plain_integer<volatile T> = is_plain_integer<T>;

/// What a reference wrapper refers to, what an atomic holds; other values themselves.
template <class T>
decltype(auto) unwrapped(const T& value) noexcept {
  if constexpr (std::is_class_v<T> && reference_like<T>)
    return static_cast<const typename T::type&>(value.get());
  else if constexpr (is_atomic<T>)
    // relaxed: a value to look at, not one to synchronise by.
    return value.load(std::memory_order_relaxed);
  else
    return static_cast<const T&>(value);
}

/// A remembering_view with a formatter, which is given a copy.
template <class View>
struct shown_view {
  const View* view;
};

/// UTF-8, whatever its code units are called.
template <class Char>
std::string_view text_of(const Char* text, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(text), size};
}
template <class Char>
std::string_view text_of(const Char* text) noexcept {
  return text == nullptr ? std::string_view("(null)") : std::string_view(reinterpret_cast<const char*>(text));
}
template <class T>
inline constexpr bool is_narrow = std::is_same_v<T, char> || std::is_same_v<T, char8_t>;

template <class T>
concept has_error_code = requires(const T& value) {
  make_error_code(value);
};
template <class T>
concept has_format_as = requires(const T& value) {
  format_as(value);
};
/// Whether a type's formatter is what fmt, from 10 on, makes of its format_as(), or one derived from the same.
template <class T>
concept has_formatter_of_format_as = FMT_VERSION >= 100000 && requires(const T& value) {
  requires std::is_base_of_v<fmt::formatter<std::remove_cvref_t<decltype(format_as(value))>>, fmt::formatter<T>>;
};

/// What to_loggable() makes of a value that is gone after the call.
template <class T>
auto loggable_of_temporary(const T& value) noexcept {
  using looked_at = std::remove_cvref_t<decltype(to_loggable(value))>;
  if constexpr (std::is_same_v<looked_at, std::string_view>)
    return std::string(to_loggable(value));
  else
    return looked_at(to_loggable(value));
}

/// An enumeration without a formatter of its own: the error it stands for, what its format_as() says, or its number.
template <class Enum>
auto enum_value(const Enum& value) noexcept {
  if constexpr (has_error_code<Enum>) {
    return error_text(make_error_code(value));
  } else if constexpr (has_format_as<Enum>) {
    using shown = decltype(format_as(value));
    if constexpr (std::is_same_v<shown, std::string>)
      return format_as(value); // to be kept, not looked at
    else if constexpr (std::is_same_v<shown, std::string_view> || std::is_reference_v<shown> ||
                       std::is_pointer_v<shown>)
      return to_loggable(format_as(value));
    else
      return loggable_of_temporary(format_as(value));
  } else {
    return static_cast<wide_integer<std::underlying_type_t<Enum>>>(value);
  }
}

/// Types that are neither numbers, text nor pointers, and have no formatter of their own.
template <class T>
decltype(auto) class_to_loggable(const T& value) noexcept {
  static_assert(!smart_pointer_like<T>, "a smart pointer is not logged: log what it points to, *p, or its address by "
                                        "fmt::ptr(p)");
  static_assert(!is_time_point<T>, "to log a time point of the system's clock, include <fmt/chrono.h>; other clocks' "
                                   "are without meaning outside the program: log a difference");
  if constexpr (std::is_base_of_v<rendered_now, T>)
    return value.text();
  else if constexpr (std::is_base_of_v<std::exception, T> || std::is_same_v<T, std::exception_ptr>)
    return exception_text(value);
  else if constexpr (error_like<T>)
    return error_text(value);
  else if constexpr (is_duration<T>)
    return to_plain(value);
  else if constexpr (shape_of<T>() != structure_shape::none)
    return structure_text(value, structure_style::message);
  else {
    static_assert(is_time_point<T> || smart_pointer_like<T> || fmt::is_formattable<T>(),
                  "a value of this type cannot be logged: give it a fmt::formatter, or, if it has an operator<<, log "
                  "weir::streamed(value)");
    return static_cast<const T&>(value);
  }
}

/// Strings become views, numbers and fields themselves, other types what is recorded of them; what has a formatter of
/// its own stays a reference to what it is. Arrays of char end at their first zero, or where they end.
template <class T>
[[gnu::always_inline]] constexpr decltype(auto) to_loggable(const T& value) noexcept {
  static_assert(!is_wide_text<T>, "wide strings and characters are not logged: convert them to UTF-8");
  static_assert(!std::is_pointer_v<T> || std::is_void_v<std::remove_pointer_t<T>> ||
                    is_narrow<std::remove_cv_t<std::remove_pointer_t<T>>>,
                "a pointer may dangle when the record is written: log what it points to, or its address by "
                "fmt::ptr(pointer)");
  if constexpr (std::is_same_v<std::remove_cv_t<T>, char8_t>)
    return static_cast<char>(value);
  else if constexpr (is_plain_integer<T>)
    return static_cast<wide_integer<T>>(value);
  else if constexpr (std::is_arithmetic_v<T>)
    return std::remove_cv_t<T>{value};
  else if constexpr (is_field<T>)
    return static_cast<const T&>(value);
  else if constexpr (std::is_null_pointer_v<T>)
    return static_cast<const void*>(nullptr);
  else if constexpr (std::is_pointer_v<T>) {
    using pointee = std::remove_cv_t<std::remove_pointer_t<T>>;
    if constexpr (is_narrow<pointee>)
      return text_of(value);
    else if constexpr (std::is_void_v<pointee>)
      return const_cast<const void*>(value);
    else
      return static_cast<const T&>(value);
  } else if constexpr (std::is_array_v<T> && is_narrow<std::remove_extent_t<T>>)
    return text_of(value, ::strnlen(reinterpret_cast<const char*>(value), std::extent_v<T>));
  else if constexpr (std::is_array_v<T>)
    return structure_text(value, structure_style::message);
  else if constexpr (is_std_text<T> || is_u8_text<T>)
    return text_of(value.data(), value.size());
  else if constexpr (path_like<T>)
    return std::string_view(value.native());
  else if constexpr (becomes_text<T>)
    return static_cast<std::string_view>(value);
  else if constexpr (has_formatter<T> && remembering_view<T>)
    return shown_view<T>{std::addressof(value)};
  else if constexpr (has_formatter<T> && !(std::is_enum_v<T> && has_formatter_of_format_as<T>))
    return static_cast<const T&>(value);
  else if constexpr (std::is_enum_v<T>)
    return enum_value(value);
  else if constexpr (is_atomic<T>)
    return loggable_of_temporary(unwrapped(value));
  else if constexpr (reference_like<T>)
    return to_loggable(unwrapped(value));
  else
    return class_to_loggable(value);
}

template <class T>
using loggable_t = std::remove_cvref_t<decltype(to_loggable(std::declval<const T&>()))>;

/// Pointers to characters: recorded as text, unless the format asks for the address.
template <class T>
inline constexpr bool is_text_pointer = false;
template <class T>
inline constexpr bool is_text_pointer<T*> = is_narrow<std::remove_cv_t<T>>;
/// What fmt is to check a format against.
template <class T>
using checked_t = std::conditional_t<is_text_pointer<T>, const char*, loggable_t<T>>;
/// to_loggable() where the message is rendered at the call.
template <class T>
[[gnu::always_inline]] constexpr decltype(auto) to_renderable(const T& value) noexcept {
  if constexpr (is_text_pointer<T>)
    return text_pointer{reinterpret_cast<const char*>(value)};
  else
    return to_loggable(value);
}

template <class T>
inline constexpr bool is_text = std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>;

/// True where a record carries the value itself; false where the call site has to render it.
template <class T>
inline constexpr bool copied_late =
    std::is_arithmetic_v<T> || is_text<T> || std::is_same_v<T, const void*> || copy_safe<T>;

/// How one loggable type travels: `size` in bytes, `write` it, `read` it back as `encoded`. Records are not aligned
/// for their arguments, so everything goes through memcpy, which compiles to plain moves.
template <class T>
struct codec {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>,
                "copy_safe types must be trivially copyable and default constructible");
  using encoded = T;
  static constexpr std::size_t size(const T&) noexcept { return sizeof(T); }
  static std::byte* write(std::byte* at, const T& value) noexcept {
    std::memcpy(at, &value, sizeof(T));
    return at + sizeof(T);
  }
  static T read(const std::byte* at) noexcept {
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
  }
};

template <>
struct codec<std::string_view> {
  using encoded = std::string_view;
  using length = std::uint32_t;
  static std::size_t size(std::string_view text) noexcept { return sizeof(length) + text.size(); }
  static std::byte* write(std::byte* at, std::string_view text) noexcept {
    const auto bytes = static_cast<length>(text.size());
    std::memcpy(at, &bytes, sizeof bytes);
    // An empty view may hold a null pointer, which memcpy must not be given.
    if (!text.empty()) std::memcpy(at + sizeof bytes, text.data(), text.size());
    return at + sizeof bytes + text.size();
  }
  static std::string_view read(const std::byte* at) noexcept {
    length bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    return {reinterpret_cast<const char*>(at + sizeof bytes), bytes};
  }
};

template <>
struct codec<std::string> : codec<std::string_view> {};

/// Laid out like text.
template <>
struct codec<json_view> {
  using encoded = json_view;
  static std::size_t size(json_view json) noexcept { return codec<std::string_view>::size(json.text); }
  static std::byte* write(std::byte* at, json_view json) noexcept {
    return codec<std::string_view>::write(at, json.text);
  }
  static json_view read(const std::byte* at) noexcept { return {codec<std::string_view>::read(at)}; }
};
template <>
struct codec<json_text> {
  using encoded = json_view;
  static std::size_t size(const json_text& json) noexcept { return codec<std::string_view>::size(json.text); }
  static std::byte* write(std::byte* at, const json_text& json) noexcept {
    return codec<std::string_view>::write(at, json.text);
  }
};

} // namespace detail
} // namespace weir

template <class View>
struct fmt::formatter<weir::detail::shown_view<View>> : fmt::formatter<View> {
  auto format(const weir::detail::shown_view<View>& shown, fmt::format_context& context) const {
    View own(*shown.view);
    return fmt::formatter<View>::format(own, context);
  }
};
