// A format string taken apart at compile time, and the renderer that is compiled from the pieces.
#pragma once

#include "weir/log/encode.hpp"
#include "weir/log/text_buffer.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace weir::detail {

/// Literal text, then perhaps one replacement field.
struct format_piece {
  std::size_t literal_begin = 0, literal_size = 0;
  int argument = -1; // -1: no field follows
  std::size_t spec_begin = 0, spec_size = 0;
};

/// Calls `visit(piece)` for every piece of `format`. That the format is well formed for its arguments is fmt's own
/// compile-time check; this one relies on it.
template <class Visit>
constexpr void for_each_piece(std::string_view format, Visit visit) {
  format_piece piece;
  int next_argument = 0;
  std::size_t i = 0;
  while (i < format.size()) {
    const char c = format[i];
    if (c != '{' && c != '}') {
      ++piece.literal_size;
      ++i;
    } else if (i + 1 < format.size() && format[i + 1] == c) { // a doubled brace: one of the two is text
      ++piece.literal_size;
      visit(piece);
      i += 2;
      piece = {.literal_begin = i};
    } else {
      std::size_t end = ++i;
      for (int depth = 1; end < format.size(); ++end) {
        if (format[end] == '{') ++depth;
        if (format[end] == '}' && --depth == 0) break;
      }
      std::size_t colon = i;
      int index = 0;
      while (colon < end && format[colon] != ':') index = index * 10 + (format[colon++] - '0');
      piece.argument = colon == i ? next_argument++ : index;
      piece.spec_begin = colon == end ? end : colon + 1;
      piece.spec_size = end - piece.spec_begin;
      visit(piece);
      i = end + 1;
      piece = {.literal_begin = i};
    }
  }
  if (piece.literal_size != 0) visit(piece);
}

/// The pieces of `Site{}().format` as constants.
template <class Site>
struct format_pieces {
  static constexpr std::string_view text = Site{}().format;
  static constexpr std::size_t count = [] {
    std::size_t n = 0;
    for_each_piece(text, [&](const format_piece&) { ++n; });
    return n;
  }();
  static constexpr std::array<format_piece, count> pieces = [] {
    std::array<format_piece, count> all{};
    std::size_t n = 0;
    for_each_piece(text, [&](const format_piece& p) { all[n++] = p; });
    return all;
  }();
  static constexpr std::size_t literal_bytes = [] {
    std::size_t bytes = 0;
    for (const format_piece& p : pieces) bytes += p.literal_size;
    return bytes;
  }();
  /// How often the most used argument is named (by index): its text is written that many times.
  static constexpr std::size_t most_uses = [] {
    std::size_t most = 1;
    for (const format_piece& p : pieces) {
      std::size_t uses = 0;
      for (const format_piece& other : pieces) uses += p.argument >= 0 && other.argument == p.argument;
      most = uses > most ? uses : most;
    }
    return most;
  }();
  /// A width or precision taken from another argument: left to fmt, at the call site.
  static constexpr bool nested = [] {
    for (const format_piece& p : pieces)
      if (text.substr(p.spec_begin, p.spec_size).find('{') != text.npos) return true;
    return false;
  }();
  /// A number can come out as something else than ASCII digits: as the character it stands for (`c`), or with a
  /// locale's separators (`L`).
  static constexpr bool loud = [] {
    for (const format_piece& p : pieces)
      if (text.substr(p.spec_begin, p.spec_size).find_first_of("cL") != text.npos) return true;
    return false;
  }();
  /// `{name}`: fields have the names here.
  static constexpr bool named = [] {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] == '{' && text[i + 1] == '{')
        ++i;
      else if (text[i] == '{' && text[i + 1] != '}' && text[i + 1] != ':' && (text[i + 1] < '0' || text[i + 1] > '9'))
        return true;
    }
    return false;
  }();
};

// Types whose `{}` is written straight through a pointer into reserved space.
template <class T>
inline constexpr bool has_plain_form = std::is_arithmetic_v<T> && !std::is_same_v<T, long double>;

/// An upper bound in bytes of what write_plain(at, value) writes.
template <class T>
constexpr std::size_t plain_bound(const T& value) noexcept {
  if constexpr (std::is_same_v<T, std::string_view>)
    return value.size();
  else if constexpr (std::is_floating_point_v<T>)
    return 32;
  else if constexpr (has_plain_form<T>)
    return std::numeric_limits<T>::digits10 + 6;
  else
    return 0;
}

template <class T>
char* write_plain(char* at, const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    std::memcpy(at, value.data(), value.size());
    return at + value.size();
  } else if constexpr (std::is_same_v<T, bool>) {
    return write_plain(at, value ? std::string_view("true") : std::string_view("false"));
  } else if constexpr (std::is_same_v<T, char>) {
    *at = value;
    return at + 1;
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_chars(at, at + plain_bound(value), value).ptr;
  } else {
    return fmt::format_to(at, FMT_COMPILE("{}"), value);
  }
}

/// The fmt::formatter of T with its specification parsed at compile time.
template <class T, class Site, std::size_t I>
inline constexpr auto parsed_formatter = [] {
  constexpr format_piece piece = format_pieces<Site>::pieces[I];
  fmt::formatter<T> formatter;
  fmt::format_parse_context spec(
      fmt::string_view(format_pieces<Site>::text.data() + piece.spec_begin, piece.spec_size + 1));
  formatter.parse(spec);
  return formatter;
}();

template <class T>
void append_formatted(text_buffer& out, const fmt::formatter<T>& formatter, const T& value) {
  fmt::format_context context(fmt::appender(out), {});
  formatter.format(value, context);
}

/// Writes piece I at `at`, inside `out`'s reserved space, and returns the end. `bound` bytes for all plain pieces are
/// reserved already.
template <class Site, std::size_t I, class Values>
char* append_piece(text_buffer& out, char* at, const Values& values, std::size_t bound) {
  constexpr format_piece piece = format_pieces<Site>::pieces[I];
  if constexpr (piece.literal_size != 0) {
    std::memcpy(at, format_pieces<Site>::text.data() + piece.literal_begin, piece.literal_size);
    at += piece.literal_size;
  }
  if constexpr (piece.argument >= 0) {
    const auto& value = std::get<static_cast<std::size_t>(piece.argument)>(values);
    using value_type = std::remove_cvref_t<decltype(value)>;
    if constexpr (piece.spec_size == 0 &&
                  (has_plain_form<value_type> || std::is_same_v<value_type, std::string_view>)) {
      at = write_plain(at, value);
    } else {
      out.resize(static_cast<std::size_t>(at - out.data()));
      append_formatted<value_type>(out, parsed_formatter<value_type, Site, I>, value);
      out.reserve(out.size() + bound);
      at = out.data() + out.size();
    }
  }
  return at;
}

/// Renders the message of `Site` with `values` (a tuple of encoded arguments) at the end of `out`.
/// Cost: one reservation, then straight-line code.
template <class Site, class Values>
void append_formatted_message(text_buffer& out, const Values& values) {
  using pieces = format_pieces<Site>;
  const std::size_t bound =
      pieces::literal_bytes +
      std::apply([](const auto&... v) { return (std::size_t{0} + ... + plain_bound(v)); }, values);
  const std::size_t reserved = bound * pieces::most_uses;
  out.reserve(out.size() + reserved);
  char* at = out.data() + out.size();
  [&]<std::size_t... I>(std::index_sequence<I...>) { ((at = append_piece<Site, I>(out, at, values, reserved)), ...); }
  (std::make_index_sequence<pieces::count>{});
  out.resize(static_cast<std::size_t>(at - out.data()));
}

} // namespace weir::detail
