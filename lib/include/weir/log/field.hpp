// Typed key-values in a log statement: log.info("sent", weir::field<"bytes">(n)).
#pragma once

#include "weir/log/encode.hpp"

#include <fmt/core.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weir {

/// A field's name as a template argument; made from a string literal.
template <std::size_t Size>
struct field_key {
  char text[Size]{};
  // Implicit, so that field<"bytes"> reads as it does.
  consteval field_key(const char (&literal)[Size]) { // NOLINT
    for (std::size_t i = 0; i < Size; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const noexcept { return {text, Size - 1}; }
};

namespace detail {

// The renderers' own keys: a field of the same name would appear twice in one JSON object.
inline constexpr std::array<std::string_view, 10> reserved_keys{
    "time",    "level",    "logger",         "message",          "trace_id",
    "span_id", "recorded", "code.file.path", "code.line.number", "code.function.name"};

constexpr bool valid_key(std::string_view key) {
  for (const std::string_view reserved : reserved_keys)
    if (key == reserved) return false;
  for (const char c : key)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
          c == '-' || c == '/'))
      return false;
  return !key.empty();
}

template <field_key Key, class Value>
struct field_argument {
  Value value;
};

template <class T>
inline constexpr std::string_view key_of{}; // empty: not a field
template <field_key Key, class Value>
inline constexpr std::string_view key_of<field_argument<Key, Value>> = Key.view();
/// One JSON object cannot hold a key twice.
template <class... T>
consteval bool keys_differ() {
  const std::array<std::string_view, sizeof...(T) + 1> keys{key_of<T>...};
  for (std::size_t i = 0; i < sizeof...(T); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (!keys[i].empty() && keys[i] == keys[j]) return false;
  return true;
}

template <field_key Key, class Value>
inline constexpr bool is_field<field_argument<Key, Value>> = true;

/// A log statement does not throw, not even when a value's formatter does or memory is short.
template <class T>
std::string render_field(const T& value) noexcept {
  try {
    return fmt::vformat("{}", fmt::make_format_args(value)); // not format(), which takes no views by reference
  } catch (...) {
    return "[unformattable]"; // short enough to need no memory
  }
}

/// Whether text that is seen through a field's argument may not be there any more when the field is logged: it is in
/// the copy of what an atomic holds, or in a temporary that is more than a view.
template <class T>
inline constexpr bool ends_with_the_call = is_atomic<std::remove_cvref_t<T>> ||
                                           (!std::is_reference_v<T> && !std::is_trivially_copyable_v<T>);

template <field_key Key, class Value>
struct codec<field_argument<Key, Value>> {
  using encoded = field_argument<Key, typename codec<Value>::encoded>;
  static std::size_t size(const field_argument<Key, Value>& f) noexcept { return codec<Value>::size(f.value); }
  static std::byte* write(std::byte* at, const field_argument<Key, Value>& f) noexcept {
    return codec<Value>::write(at, f.value);
  }
};

/// weir::field() of a T.
template <field_key Key, class T>
[[gnu::always_inline]] inline auto make_field(T&& value) noexcept {
  static_assert(valid_key(Key.view()), "a field's key is letters, digits and _ . - /, and not a reserved one");
  const auto& held = unwrapped(std::as_const(value));
  using held_type = std::remove_cvref_t<decltype(held)>;
  if constexpr (is_typed_structure<held_type>()) {
    return field_argument<Key, json_text>{{structure_text(held, structure_style::json)}};
  } else {
    using loggable = loggable_t<held_type>;
    if constexpr (std::is_same_v<loggable, long double>)
      return field_argument<Key, double>{static_cast<double>(held)}; // what JSON's numbers are
    else if constexpr (std::is_same_v<T, std::string>)
      return field_argument<Key, std::string>{std::move(value)};
    else if constexpr (ends_with_the_call<T> && std::is_same_v<loggable, std::string_view>)
      return field_argument<Key, std::string>{std::string(to_loggable(held))};
    else if constexpr (copied_late<loggable>)
      return field_argument<Key, loggable>{to_loggable(held)};
    else
      return field_argument<Key, std::string>{render_field(to_loggable(held))};
  }
}

/// What is handed over by itself. A reference could not be bound to a bit-field, nor to a member of a packed type.
template <class T>
inline constexpr bool is_small_value = std::is_arithmetic_v<T> || std::is_enum_v<T>;

} // namespace detail

/// A typed key-value for one log statement, placed after the format's arguments. In JSON numbers and bools keep their
/// types, optionals are their value or null, containers arrays, and maps from strings objects; what is anything else
/// is the string that the message would show. `Key`: letters, digits, `_ . - /`; not one of the renderers' own keys
/// (time, level, logger, message, trace_id, span_id, recorded, code.file.path, code.line.number, code.function.name),
/// and no key twice in one statement. All of this is checked at compile time. A value whose formatter throws is
/// written as "[unformattable]". Lifetime: the field refers to a string that has a name, and holds one that has none.
/// Cost: none beyond its bytes: the key is part of the call site's static description; of a structure, and
/// of a type that is not copy_safe, its rendering.
template <field_key Key, class T>
requires(!detail::is_small_value<std::remove_cvref_t<T>>)
    [[nodiscard, gnu::always_inline]] inline auto field(T&& value) noexcept {
  return detail::make_field<Key>(std::forward<T>(value));
}
/// Numbers and enumerations, bit-fields among them.
template <field_key Key, class T>
requires detail::is_small_value<T>
[[nodiscard, gnu::always_inline]] inline auto field(T value) noexcept {
  return detail::make_field<Key>(std::move(value));
}

} // namespace weir
