// Optionals, tuples, containers and ranges as text: for a message, or as a JSON value.
#pragma once

#include "weir/log/argument_shape.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace weir::detail {

/// How a structure is written. Message: `[1, 2]`, `{"key": "value"}`, `(1, none)`, as fmt does it; what stands alone
/// stands without quotes. JSON: `[1,2]`, `{"key":"value"}`, `[1,null]`.
enum class structure_style : std::uint8_t { message, json };

/// Writes one value, from outside in. Members throw std::bad_alloc, formatted() what a formatter throws.
class structure_writer {
 public:
  enum class brackets : std::uint8_t { list, set, tuple, map };
  /// Where a range ends early, with `…` as its last element, so that a call's cost is bounded.
  static constexpr std::size_t most_bytes = 16 * 1024;

  structure_writer(std::string& out, structure_style style) noexcept : out_(out), style_(style) {}
  structure_style style() const noexcept { return style_; }

  void none();
  void write(bool value);
  void write(char value);
  void write(std::int32_t value);
  void write(std::uint32_t value);
  void write(std::int64_t value);
  void write(std::uint64_t value);
  void write(float value);
  void write(double value);
  void write(const void* value);
  void write(std::string_view value);
  /// Any other value by its formatter; `one`: just that.
  void formatted(fmt::format_args one);

  void open(brackets with);
  /// To be called before each element; false: there is no room for more of them, and it has said so. What is written
  /// next in a map is a key, until colon().
  bool next(brackets within);
  void colon();
  void close(brackets with);

 private:
  template <class Number>
  void write_number(Number value);
  void quoted(std::string_view raw, char quote);

  std::string& out_;
  structure_style style_;
  unsigned depth_ = 0;
  bool first_ = true;
  bool in_key_ = false;
};

/// What `write` makes of `value`, or, if it throws, "[unformattable]" (JSON: the string "unformattable").
std::string written_structure(void (*write)(structure_writer&, const void*), const void* value,
                              structure_style style) noexcept;

template <class T>
constexpr decltype(auto) to_loggable(const T& value) noexcept;
template <class T>
decltype(auto) unwrapped(const T& value) noexcept;

template <class T>
void write_value(structure_writer& out, const T& value);

/// A JSON object has strings as its keys, each of them once: what has at() has no key twice.
template <class Map>
concept object_like = becomes_text<typename Map::key_type> &&
    requires(const Map& map, const typename Map::key_type& key) {
  map.at(key);
};

template <class Range, class Iterated>
void write_elements(structure_writer& out, Iterated& range) {
  using brackets = structure_writer::brackets;
  constexpr bool is_map = requires { typename Range::mapped_type; };
  constexpr bool is_set = !is_map && requires { typename Range::key_type; };
  const auto write_all = [&](brackets with, auto write_element) {
    out.open(with);
    for (const auto& element : range) {
      if (!out.next(with)) break;
      write_element(element);
    }
    out.close(with);
  };
  if constexpr (is_map) {
    if (out.style() == structure_style::message || object_like<Range>)
      return write_all(brackets::map, [&](const auto& entry) {
        write_value(out, entry.first);
        out.colon();
        write_value(out, entry.second);
      });
  }
  write_all(is_set ? brackets::set : brackets::list, [&](const auto& element) { write_value(out, element); });
}

template <class Range>
void write_range(structure_writer& out, const Range& range) {
  if constexpr (remembering_view<Range>) {
    Range own(range);
    write_elements<Range>(out, own);
  } else {
    write_elements<Range>(out, range);
  }
}

/// What the writer knows by itself.
template <class T>
inline constexpr bool is_plain_leaf =
    (std::is_arithmetic_v<T> && sizeof(T) <= sizeof(std::int64_t)) || std::is_same_v<T, const void*> ||
    std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>;

template <class T>
void write_leaf(structure_writer& out, const T& value) {
  const auto& leaf = to_loggable(value);
  if constexpr (is_plain_leaf<std::remove_cvref_t<decltype(leaf)>>)
    out.write(leaf);
  else
    out.formatted(fmt::make_format_args(leaf));
}

template <class T>
void write_structure(structure_writer& out, const T& value) {
  constexpr structure_shape shape = shape_of<T>();
  if constexpr (shape == structure_shape::optional) {
    value.has_value() ? write_value(out, *value) : out.none();
  } else if constexpr (shape == structure_shape::variant) {
    if (value.valueless_by_exception()) return out.none();
    // Found by its argument: whoever has a variant has included it.
    visit(
        [&]<class Held>(const Held& held) {
          // An empty type, such as std::monostate, stands for nothing.
          if constexpr (std::is_empty_v<Held> && !has_formatter<Held>)
            out.none();
          else
            write_value(out, held);
        },
        value);
  } else if constexpr (shape == structure_shape::tuple) {
    constexpr auto with = structure_writer::brackets::tuple;
    out.open(with);
    std::apply([&](const auto&... element) { ((out.next(with), write_value(out, element)), ...); }, value);
    out.close(with);
  } else {
    write_range(out, value);
  }
}

template <class T>
void write_value(structure_writer& out, const T& value) {
  const auto& held = unwrapped(value);
  using held_type = std::remove_cvref_t<decltype(held)>;
  if constexpr (is_typed_structure<held_type>())
    write_structure(out, held);
  else
    write_leaf(out, held);
}

template <class T>
std::string structure_text(const T& value, structure_style style) noexcept {
  return written_structure(
      [](structure_writer& out, const void* at) { write_structure(out, *static_cast<const T*>(at)); },
      std::addressof(value), style);
}

/// A field's structure, and what is read back of it: text that is JSON already.
struct json_view {
  std::string_view text;
};
struct json_text {
  std::string text;
};

} // namespace weir::detail
