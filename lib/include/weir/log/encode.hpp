// From a log statement's arguments to the bytes in a record, and back.
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir {

/// Specialise to true for a trivially copyable, default constructible type without pointers or views: its bytes are
/// then copied into the record and its fmt::formatter runs on the backend thread. Other types are rendered at the
/// call site.
template <class T>
inline constexpr bool copy_safe = false;
template <class Rep, class Period>
inline constexpr bool copy_safe<std::chrono::duration<Rep, Period>> = std::is_arithmetic_v<Rep>;
template <class Clock, class Duration>
inline constexpr bool copy_safe<std::chrono::time_point<Clock, Duration>> = copy_safe<Duration>;
template <>
inline constexpr bool copy_safe<long double> = true;

namespace detail {

template <class T>
inline constexpr bool is_std_text = std::is_same_v<T, std::string_view>;
template <class Allocator>
inline constexpr bool is_std_text<std::basic_string<char, std::char_traits<char>, Allocator>> = true;

/// What is recorded as text: the standard strings, and what converts to a view unless it has a formatter of its own,
/// which then has the say (it may hide a secret).
template <class T>
inline constexpr bool becomes_text = is_std_text<T> || (std::is_convertible_v<const T&, std::string_view> &&
                                                        !std::is_default_constructible_v<fmt::formatter<T>>);

/// Integers travel in two sizes, so that the backend knows few types.
template <class T>
using wide_integer =
    std::conditional_t<std::is_signed_v<T>, std::conditional_t<(sizeof(T) > 4), std::int64_t, std::int32_t>,
                       std::conditional_t<(sizeof(T) > 4), std::uint64_t, std::uint32_t>>;

/// Strings become views, numbers themselves; everything else stays a reference to what it is. Arrays of char end at
/// their first zero, or where they end.
template <class T>
decltype(auto) to_loggable(const T& value) noexcept {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char>)
    return static_cast<wide_integer<T>>(value);
  else if constexpr (std::is_arithmetic_v<T>)
    return T{value};
  else if constexpr (std::is_null_pointer_v<T>)
    return static_cast<const void*>(nullptr);
  else if constexpr (std::is_same_v<T, void*> || std::is_same_v<T, const void*>)
    return static_cast<const void*>(value);
  else if constexpr (std::is_array_v<T> && std::is_same_v<std::remove_extent_t<T>, char>)
    return std::string_view(value, ::strnlen(value, std::extent_v<T>));
  else if constexpr (std::is_same_v<T, char*> || std::is_same_v<T, const char*>)
    return value == nullptr ? std::string_view("(null)") : std::string_view(value);
  else if constexpr (becomes_text<T>)
    return static_cast<std::string_view>(value);
  else
    return static_cast<const T&>(value);
}

template <class T>
using loggable_t = std::remove_cvref_t<decltype(to_loggable(std::declval<const T&>()))>;

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

} // namespace detail
} // namespace weir
