// The static description of one log statement.
#pragma once

#include "weir/log/encode.hpp"
#include "weir/log/field.hpp"
#include "weir/log/format.hpp"
#include "weir/log/level.hpp"
#include "weir/log/text_buffer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

namespace weir {

/// How a statement's fields are written: ` key=value` or `,"key":value`.
enum class field_style : std::uint8_t { text, json };

/// Where a statement stands in the source.
struct source_position {
  std::string_view file;
  unsigned line = 0;
};

namespace detail {

/// What a log macro knows about its statement, as a constant expression.
struct statement {
  level severity;
  std::string_view format;
  std::string_view file;
  unsigned line;
};

/// One per log statement, constant, never freed: a record's first word points here. The functions are compiled for
/// this very statement's format and argument types; all of them run on the backend thread.
struct call_site {
  level severity;
  /// Whether the message can hold bytes that a line of text, or a JSON string, has to escape.
  bool escape_text, escape_json;
  std::uint8_t fields;
  void (*append_message)(text_buffer& out, const std::byte* arguments);
  void (*append_fields)(text_buffer& out, const std::byte* arguments, field_style style);
  source_position (*position)(const std::byte* arguments);
};

/// Appends one field, its prefix (field_prefix) and its value. Strings are escaped; in text they are quoted where a
/// reader could not tell where they end.
void append_field(text_buffer& out, std::string_view prefix, std::string_view value, field_style style);
void append_field(text_buffer& out, std::string_view prefix, bool value, field_style style);
void append_field(text_buffer& out, std::string_view prefix, std::int64_t value, field_style style);
void append_field(text_buffer& out, std::string_view prefix, std::uint64_t value, field_style style);
void append_field(text_buffer& out, std::string_view prefix, float value, field_style style);
void append_field(text_buffer& out, std::string_view prefix, double value, field_style style);

/// What stands in front of a field's value: ` key=` or `,"key":`.
template <field_key Key>
struct field_prefix {
  static constexpr std::size_t key_size = Key.view().size();
  static constexpr auto text = [] {
    std::array<char, key_size + 2> all{' '};
    *std::ranges::copy(Key.view(), all.begin() + 1).out = '=';
    return all;
  }();
  static constexpr auto json = [] {
    std::array<char, key_size + 4> all{',', '"'};
    std::ranges::copy(std::string_view("\":"), std::ranges::copy(Key.view(), all.begin() + 2).out);
    return all;
  }();
  static std::string_view of(field_style style) noexcept {
    return style == field_style::json ? std::string_view(json.data(), json.size())
                                      : std::string_view(text.data(), text.size());
  }
};

template <field_key Key, class Value>
void append_field(text_buffer& out, const field_argument<Key, Value>& field, field_style style) {
  const Value& value = field.value;
  const std::string_view prefix = field_prefix<Key>::of(style);
  if constexpr (std::is_same_v<Value, char>)
    append_field(out, prefix, std::string_view(&value, 1), style);
  else if constexpr (std::is_same_v<Value, long double>)
    append_field(out, prefix, static_cast<double>(value), style);
  else if constexpr (!std::is_integral_v<Value> || std::is_same_v<Value, bool>)
    append_field(out, prefix, value, style);
  else if constexpr (std::is_signed_v<Value>)
    append_field(out, prefix, std::int64_t{value}, style);
  else
    append_field(out, prefix, std::uint64_t{value}, style);
}

constexpr bool is_plain_ascii(std::string_view text, bool json) {
  for (const char c : text)
    if (c < 0x20 || c > 0x7e || (json && (c == '"' || c == '\\'))) return false;
  return true;
}

// Renders to plain ASCII, whatever its value; see also format_pieces::loud.
template <class T>
inline constexpr bool
    is_quiet = (std::is_arithmetic_v<T> && !std::is_same_v<T, char>) || std::is_same_v<T, const void*>;

template <class Site, class... Encoded>
consteval bool needs_escape(bool json) {
  return format_pieces<Site>::loud || !is_plain_ascii(Site{}().format, json) ||
         !(... && (is_quiet<Encoded> || is_field<Encoded>));
}

template <class... Encoded>
std::tuple<Encoded...> read_arguments([[maybe_unused]] const std::byte* at) {
  return std::tuple<Encoded...>{codec<Encoded>::read(at)...}; // braces: read left to right
}

/// The formatting part of a decoded argument tuple: everything but the fields, which stand last.
template <std::size_t Count, class Tuple>
auto leading(const Tuple& all) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::tuple<std::tuple_element_t<I, Tuple>...>{std::get<I>(all)...};
  }
  (std::make_index_sequence<Count>{});
}

template <class... Encoded>
void append_all_fields(text_buffer& out, const std::byte* arguments, field_style style) {
  std::apply(
      [&](const auto&... value) {
        (
            [&] {
              if constexpr (is_field<std::remove_cvref_t<decltype(value)>>) append_field(out, value, style);
            }(),
            ...);
      },
      read_arguments<Encoded...>(arguments));
}

template <class... Encoded>
inline constexpr std::size_t field_count = (std::size_t{0} + ... + std::size_t{is_field<Encoded>});

template <class Site, class... Encoded>
void append_site_message(text_buffer& out, const std::byte* arguments) {
  append_formatted_message<Site>(
      out, leading<sizeof...(Encoded) - field_count<Encoded...>>(read_arguments<Encoded...>(arguments)));
}

template <class Site>
source_position site_position(const std::byte*) {
  return {Site{}().file, Site{}().line};
}

/// The call site of the statement `Site` (a constexpr function object that returns a `statement`) whose arguments are
/// recorded as `Encoded...`.
template <class Site, class... Encoded>
inline constexpr call_site site_of{
    .severity = Site{}().severity,
    .escape_text = needs_escape<Site, Encoded...>(false),
    .escape_json = needs_escape<Site, Encoded...>(true),
    .fields = std::uint8_t{field_count<Encoded...>},
    .append_message = &append_site_message<Site, Encoded...>,
    .append_fields = &append_all_fields<Encoded...>,
    .position = &site_position<Site>,
};

/// What a function call, which has no static description of its own, records before its arguments. The strings are
/// literals: they are checked to be so by the consteval constructor they come through.
struct call_text {
  const char* file;
  const char* format;
  std::uint32_t format_size;
  std::uint32_t line;
};

/// The call site shared by all function calls of one severity and argument types: each record starts with a
/// call_text, and fmt reads the format when it is rendered.
template <level Severity, class... Encoded>
struct shared_site {
  static void append_message(text_buffer& out, const std::byte* at) {
    const auto text = codec<call_text>::read(at);
    const auto values = leading<sizeof...(Encoded) - field_count<Encoded...>>(read_arguments<Encoded...>(at));
    std::apply(
        [&](const auto&... value) {
          fmt::vformat_to(fmt::appender(out), fmt::string_view(text.format, text.format_size),
                          fmt::make_format_args(value...));
        },
        values);
  }
  static void append_fields(text_buffer& out, const std::byte* at, field_style style) {
    append_all_fields<Encoded...>(out, at + sizeof(call_text), style);
  }
  static source_position position(const std::byte* at) {
    const auto text = codec<call_text>::read(at);
    return {text.file, text.line};
  }
  static constexpr call_site site{.severity = Severity,
                                  .escape_text = true,
                                  .escape_json = true,
                                  .fields = std::uint8_t{field_count<Encoded...>},
                                  .append_message = &append_message,
                                  .append_fields = &append_fields,
                                  .position = &position};
};

} // namespace detail
} // namespace weir
