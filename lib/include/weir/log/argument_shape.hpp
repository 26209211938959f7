// What an argument is, told by its shape: a type is known here without the header that declares it.
#pragma once

#include <fmt/core.h>

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace weir::detail {

template <class T>
concept has_formatter = std::is_default_constructible_v<fmt::formatter<T>>;

template <class T>
inline constexpr bool is_std_text = false;
template <class Traits>
inline constexpr bool is_std_text<std::basic_string_view<char, Traits>> = true;
template <class Traits, class Allocator>
inline constexpr bool is_std_text<std::basic_string<char, Traits, Allocator>> = true;

template <class T>
inline constexpr bool is_u8_text = false;
template <class Traits>
inline constexpr bool is_u8_text<std::basic_string_view<char8_t, Traits>> = true;
template <class Traits, class Allocator>
inline constexpr bool is_u8_text<std::basic_string<char8_t, Traits, Allocator>> = true;

template <class T>
inline constexpr bool is_wide_character =
    std::is_same_v<T, wchar_t> || std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;
template <class T>
inline constexpr bool is_wide_text = is_wide_character<T>;
template <class Char, class Traits>
inline constexpr bool is_wide_text<std::basic_string_view<Char, Traits>> = is_wide_character<Char>;
template <class Char, class Traits, class Allocator>
inline constexpr bool is_wide_text<std::basic_string<Char, Traits, Allocator>> = is_wide_character<Char>;
template <class Char>
inline constexpr bool is_wide_text<Char*> = is_wide_character<std::remove_cv_t<Char>>;
template <class Char, std::size_t Size>
inline constexpr bool is_wide_text<Char[Size]> = is_wide_character<std::remove_cv_t<Char>>;

/// std::filesystem::path, and Boost's, where paths are bytes.
template <class T>
concept path_like = requires(const T& path) {
  T::preferred_separator;
  { path.native() } -> std::same_as<const std::string&>;
};

/// What is recorded as text: the standard strings and paths, and what converts to a view unless it has a formatter of
/// its own, which then has the say (it may hide a secret).
template <class T>
inline constexpr bool becomes_text = is_std_text<T> ||
                                     (std::is_convertible_v<const T&, std::string_view> && !has_formatter<T>);

/// std::reference_wrapper.
template <class T>
concept reference_like = std::convertible_to<const T&, typename T::type&> && requires(const T& reference) {
  { reference.get() } -> std::same_as<typename T::type&>;
};

/// std::unique_ptr, std::shared_ptr and their likes.
template <class T>
concept smart_pointer_like = requires(const T& pointer) {
  typename T::element_type;
  { pointer.get() } -> std::same_as<typename T::element_type*>;
};

template <class T>
inline constexpr bool is_atomic = false;
template <class T>
inline constexpr bool is_atomic<std::atomic<T>> = true;

/// Error codes and conditions, the standard's and Boost's: a number and what explains it.
template <class T>
concept error_like = std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T> &&
    requires(const T& error) {
  { error.value() } -> std::same_as<int>;
  { error.category().name() } -> std::convertible_to<const char*>;
  { error.message() } -> std::convertible_to<std::string>;
};

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = std::is_arithmetic_v<Rep>;
template <class T>
inline constexpr bool is_time_point = false;
template <class Clock, class Duration>
inline constexpr bool is_time_point<std::chrono::time_point<Clock, Duration>> = true;

/// Values that hold others.
enum class structure_shape : std::uint8_t { none, optional, variant, tuple, range };

template <class T>
concept optional_like = requires(const T& value) {
  typename T::value_type;
  { value.has_value() } -> std::same_as<bool>;
  { *value } -> std::same_as<const typename T::value_type&>;
};

template <class T>
concept variant_like = requires(const T& value) {
  { value.valueless_by_exception() } -> std::same_as<bool>;
  value.index();
};

template <class Range>
using element_of = std::remove_cvref_t<decltype(*std::declval<Range&>().begin())>;
/// Not one whose elements are of its own type: writing it would not end.
template <class Range>
concept iterable = !std::same_as<element_of<Range>, std::remove_const_t<Range>> && requires(Range & range) {
  { range.begin() == range.end() } -> std::convertible_to<bool>;
  ++std::declval<decltype(range.begin())&>();
};
/// A view that remembers where it begins, such as std::views::filter's: it takes a copy of one's own to go through
/// it, which costs little.
template <class T>
concept remembering_view =
    !iterable<const T> && std::ranges::enable_view<T> && std::copy_constructible<T> && iterable<T>;
template <class T>
concept range_like = iterable<const T> || remembering_view<T>;

/// A template's instance with an allocator: the standard's containers and Boost's. A class derived from one is none.
template <class T>
inline constexpr bool is_container = false;
template <template <class...> class Template, class... Args>
requires requires { typename Template<Args...>::allocator_type; }
inline constexpr bool is_container<Template<Args...>> =
    (std::is_same_v<Args, typename Template<Args...>::allocator_type> || ...);
template <class T>
concept container_like = is_container<T> && range_like<T>;

/// Of the standard's own: whatever formatters there are, as a field they keep their types.
template <class T>
inline constexpr structure_shape standard_shape = structure_shape::none;
template <class T, std::size_t Size>
inline constexpr structure_shape standard_shape<T[Size]> = structure_shape::range;
template <class T, std::size_t Size>
inline constexpr structure_shape standard_shape<std::array<T, Size>> = structure_shape::range;
template <class T, std::size_t Size>
inline constexpr structure_shape standard_shape<std::span<T, Size>> = structure_shape::range;
template <class First, class Second>
inline constexpr structure_shape standard_shape<std::pair<First, Second>> = structure_shape::tuple;
template <class... T>
inline constexpr structure_shape standard_shape<std::tuple<T...>> = structure_shape::tuple;
template <template <class...> class Template, class... Args>
requires optional_like<Template<Args...>>
inline constexpr structure_shape standard_shape<Template<Args...>> = structure_shape::optional;
template <template <class...> class Template, class... Args>
requires variant_like<Template<Args...>>
inline constexpr structure_shape standard_shape<Template<Args...>> = structure_shape::variant;
template <template <class...> class Template, class... Args>
requires container_like<Template<Args...>>
inline constexpr structure_shape standard_shape<Template<Args...>> = structure_shape::range;

/// Of anyone's.
template <class T>
consteval structure_shape shape_of() {
  if constexpr (standard_shape<T> != structure_shape::none)
    return standard_shape<T>;
  else if constexpr (optional_like<T>)
    return structure_shape::optional;
  else if constexpr (variant_like<T>)
    return structure_shape::variant;
  else if constexpr (range_like<T>)
    return structure_shape::range;
  else
    return structure_shape::none;
}

/// A field's values that stay a structure: what is neither text nor has a formatter that would have the say.
template <class T>
consteval bool is_typed_structure() {
  if constexpr (std::is_arithmetic_v<T> || is_std_text<T> || is_u8_text<T> || is_wide_text<T> || path_like<T>)
    return false;
  else if constexpr (std::is_array_v<T>)
    return !std::is_same_v<std::remove_extent_t<T>, char> && !std::is_same_v<std::remove_extent_t<T>, char8_t>;
  else if constexpr (standard_shape<T> != structure_shape::none)
    return true;
  else
    return std::is_class_v<T> && !becomes_text<T> && !has_formatter<T> && shape_of<T>() != structure_shape::none;
}

} // namespace weir::detail
