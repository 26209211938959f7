// What a record's argument bytes are: the types of a statement's arguments, known to the backend as data.
#pragma once

#include "weir/log/encode.hpp"
#include "weir/log/field.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir::detail {

enum class argument_kind : std::uint8_t {
  boolean,
  character,
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
  pointer,
  text,
  custom,   // a copy_safe type
  structure // a field's: JSON, laid out like text
};

struct argument_type {
  argument_kind kind;
  std::uint32_t size;   // bytes in the record; of text and structures 0: they stand in front of it
  std::string_view key; // of a field; empty: an argument of the format
  /// Of a custom type: formats the value at `at` by `format`, one replacement field such as "{:%H:%M}". Throws what
  /// its formatter throws.
  void (*append_custom)(fmt::appender out, std::string_view format, const std::byte* at);
};

template <class T>
void append_custom(fmt::appender out, std::string_view format, const std::byte* at) {
  const T value = codec<T>::read(at);
  fmt::vformat_to(out, fmt::string_view(format.data(), format.size()), fmt::make_format_args(value));
}

template <class T>
consteval argument_kind kind_of() {
  if constexpr (std::is_same_v<T, bool>)
    return argument_kind::boolean;
  else if constexpr (std::is_same_v<T, char>)
    return argument_kind::character;
  else if constexpr (is_plain_integer<T>)
    return sizeof(T) > 4 ? (std::is_signed_v<T> ? argument_kind::int64 : argument_kind::uint64)
                         : (std::is_signed_v<T> ? argument_kind::int32 : argument_kind::uint32);
  else if constexpr (std::is_same_v<T, float>)
    return argument_kind::float32;
  else if constexpr (std::is_same_v<T, double>)
    return argument_kind::float64;
  else if constexpr (std::is_same_v<T, const void*>)
    return argument_kind::pointer;
  else if constexpr (is_text<T>)
    return argument_kind::text;
  else if constexpr (std::is_same_v<T, json_view>)
    return argument_kind::structure;
  else
    return argument_kind::custom;
}

/// Of one encoded argument or field.
template <class Encoded>
struct described {
  static consteval argument_type get(std::string_view key = {}) {
    constexpr argument_kind kind = kind_of<Encoded>();
    if constexpr (kind == argument_kind::text || kind == argument_kind::structure)
      return {kind, 0, key, nullptr};
    else if constexpr (kind == argument_kind::custom)
      return {kind, sizeof(Encoded), key, &append_custom<Encoded>};
    else
      return {kind, sizeof(Encoded), key, nullptr};
  }
};
template <field_key Key, class Value>
struct described<field_argument<Key, Value>> {
  static consteval argument_type get() { return described<Value>::get(Key.view()); }
};

/// More would not fit the backend's table of positions.
inline constexpr std::size_t most_arguments = 48;

template <class... Encoded>
inline constexpr std::array<argument_type, sizeof...(Encoded)> argument_types{described<Encoded>::get()...};

template <class... T>
struct type_list {};

/// What a statement records: its arguments as they are, or the rendered message and the fields. Named after what is
/// in the record, not after the statement's types: should two source files see different formatters of a type, each
/// has its own description of its own records.
template <bool AsTheyAre, class... Encoded>
struct record_layout {
  static constexpr bool as_they_are = AsTheyAre;
  static constexpr std::span<const argument_type> types = argument_types<Encoded...>;
};

/// Of a record that carries its rendered message: that, then the fields.
template <class Done, class... Rest>
struct rendered_layout;
template <class... Done>
struct rendered_layout<type_list<Done...>> {
  using type = record_layout<false, Done...>;
};
template <class... Done, class First, class... Rest>
struct rendered_layout<type_list<Done...>, First, Rest...> : rendered_layout<type_list<Done...>, Rest...> {};
template <class... Done, field_key Key, class Value, class... Rest>
struct rendered_layout<type_list<Done...>, field_argument<Key, Value>, Rest...>
    : rendered_layout<type_list<Done..., typename codec<field_argument<Key, Value>>::encoded>, Rest...> {};

template <class T>
inline constexpr bool travels = is_field<T> || copied_late<T>;

template <bool AsTheyAre, class... Args>
struct layout_of : rendered_layout<type_list<std::string_view>, Args...> {};
template <class... Args>
struct layout_of<true, Args...> {
  using type = record_layout<true, typename codec<loggable_t<Args>>::encoded...>;
};

/// What a statement with these arguments records. If one of them cannot travel, none does.
template <class... Args>
struct recording : layout_of<(travels<loggable_t<Args>> && ...), Args...> {
  static_assert(sizeof...(Args) <= most_arguments, "a statement has at most 48 arguments and fields");
};
template <class... Args>
using recorded = typename recording<Args...>::type;
/// The same if its message is to be rendered at the call.
template <class... Args>
using recorded_as_text = typename layout_of<false, Args...>::type;

} // namespace weir::detail
