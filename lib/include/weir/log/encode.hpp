// From a log statement's arguments to the bytes in a record, and back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir {

/// Specialise to true for a trivially copyable type without pointers or views: its bytes are then copied into the
/// record and its fmt::formatter runs on the backend thread. Other types are rendered at the call site.
template <class T>
inline constexpr bool copy_safe = false;
template <class Rep, class Period>
inline constexpr bool copy_safe<std::chrono::duration<Rep, Period>> = std::is_arithmetic_v<Rep>;
template <class Clock, class Duration>
inline constexpr bool copy_safe<std::chrono::time_point<Clock, Duration>> = copy_safe<Duration>;

namespace detail {

inline std::string_view to_loggable(const char* text) noexcept {
  return text == nullptr ? std::string_view("(null)") : std::string_view(text);
}
inline const void* to_loggable(const void* pointer) noexcept { return pointer; }
inline const void* to_loggable(std::nullptr_t) noexcept { return nullptr; }
template <std::size_t Size>
std::string_view to_loggable(const char (&text)[Size]) noexcept {
  return {text, ::strnlen(text, Size)};
}
/// Strings become views, numbers themselves; everything else stays a reference to what it is.
template <class T>
decltype(auto) to_loggable(const T& value) noexcept {
  if constexpr (std::is_arithmetic_v<T>)
    return T{value};
  else if constexpr (std::is_same_v<T, void*> || std::is_same_v<T, const void*>)
    return static_cast<const void*>(value);
  else if constexpr (std::is_pointer_v<T> && std::is_convertible_v<T, const char*>)
    return to_loggable(static_cast<const char*>(value));
  else if constexpr (std::is_convertible_v<const T&, std::string_view>)
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
  static_assert(std::is_trivially_copyable_v<T>, "copy_safe types must be trivially copyable");
  using encoded = T;
  static constexpr std::size_t size(const T&) noexcept { return sizeof(T); }
  static std::byte* write(std::byte* at, const T& value) noexcept {
    std::memcpy(at, &value, sizeof(T));
    return at + sizeof(T);
  }
  static T read(const std::byte*& at) noexcept {
    T value;
    std::memcpy(&value, at, sizeof(T));
    at += sizeof(T);
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
    std::memcpy(at + sizeof bytes, text.data(), text.size());
    return at + sizeof bytes + text.size();
  }
  static std::string_view read(const std::byte*& at) noexcept {
    length bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    const auto* text = reinterpret_cast<const char*>(at + sizeof bytes);
    at += sizeof bytes + bytes;
    return {text, bytes};
  }
};

template <>
struct codec<std::string> : codec<std::string_view> {};

} // namespace detail
} // namespace weir
