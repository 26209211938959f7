#include "log/message_plan.hpp"

#include "log/number_text.hpp"
#include "log/value_quotes.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <type_traits>

namespace weir::detail {

namespace {

std::string escaped(std::string_view raw, field_style style) {
  text_buffer out;
  append_escaped(out, raw, style);
  return {out.data(), out.size()};
}

/// What stands in front of a field's value.
std::string prefix_of(std::string_view key, field_style style) {
  const std::string name(key);
  return style == field_style::json ? ",\"" + name + "\":" : ' ' + name + '=';
}

/// Whether a number's text can hold something else than printable ASCII, quotes aside: the character it stands for
/// (`c`), a locale's separators (`L`), a fill character.
bool is_loud(const format_piece& piece, argument_kind kind) noexcept {
  switch (kind) {
  case argument_kind::character:
  case argument_kind::text:
  case argument_kind::custom:
  case argument_kind::structure:
    return true;
  default:
    return piece.is_nested() || piece.spec.find_first_of("cL") != piece.spec.npos ||
           !is_plain(piece.spec, field_style::json);
  }
}

char* write_constant(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

/// The kinds whose text is plain and short.
template <class T>
char* write_plain(char* at, const T& value) {
  if constexpr (std::is_same_v<T, bool>)
    return write_constant(at, value ? std::string_view("true") : std::string_view("false"));
  else if constexpr (std::is_integral_v<T>)
    return write_integer(at, value);
  else if constexpr (std::is_floating_point_v<T>)
    return write_floating(at, value);
  else
    return fmt::format_to(at, FMT_COMPILE("{}"), value);
}

constexpr std::string_view name_of_no_number(double value) noexcept {
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

} // namespace

message_plan::message_plan(std::string_view format, std::span<const argument_type> arguments)
    : arguments_(arguments) {
  for (const format_piece& piece : take_apart(format)) {
    step next{.before = add_constant(escaped(piece.literal, field_style::text),
                                     escaped(piece.literal, field_style::json), piece.literal),
              .argument = piece.argument,
              .kind = {},
              .loud = false,
              .by = nullptr};
    if (piece.argument != format_piece::no_argument) {
      next.kind = arguments[piece.argument].kind;
      if (!piece.spec.empty() || next.kind == argument_kind::custom) {
        next.by = make_formatter(piece, arguments);
        next.loud = is_loud(piece, next.kind);
      }
    }
    const auto& sizes = next.before.size;
    room_for_steps_ += *std::ranges::max_element(sizes) + line_writer::padding + longest_number;
    steps_.push_back(std::move(next));
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view key = arguments[i].key;
    if (!key.empty())
      fields_.push_back({add_constant(prefix_of(key, field_style::text), prefix_of(key, field_style::json), {}), i,
                         arguments[i].kind});
  }
  constants_.append(line_writer::padding, '\0');
}

message_plan::constant message_plan::add_constant(std::string_view as_text, std::string_view as_json,
                                                  std::string_view as_raw) {
  constant added;
  for (const auto& [how, all] : {std::pair{text, as_text}, {json, as_json}, {raw, as_raw}}) {
    added.begin[how] = static_cast<std::uint32_t>(constants_.size());
    added.size[how] = static_cast<std::uint32_t>(all.size());
    constants_ += all;
  }
  return added;
}

const std::byte* message_plan::end_of(const argument_positions& positions) const noexcept {
  if (arguments_.empty()) return nullptr;
  const std::byte* const last = positions[arguments_.size() - 1];
  return last + bytes_of(arguments_.back(), last);
}

namespace {

constexpr std::string_view unformattable = "[unformattable]";

/// Appends the argument, or a mark if it throws: a time that no calendar has, or a negative width, is to cost the
/// record neither the rest of its message nor its fields.
void append_or_mark(text_buffer& out, const value_formatter& by, const argument_positions& at) {
  const std::size_t begin = out.size();
  try {
    by.append(out, at);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    out.resize(begin);
    weir::append(out, unformattable);
  }
}

} // namespace

template <message_plan::spelling How>
void message_plan::write_steps(line_writer& out, const argument_positions& at) const {
  constexpr auto style = How == json ? field_style::json : field_style::text;
  char* to = out.reserve(room_for_steps_);
  const auto write_text = [&](std::string_view value) {
    out.advance_to(to);
    if constexpr (How == raw)
      out.append(value);
    else
      out.append_escaped(value, style);
    to = out.reserve(room_for_steps_);
  };
  for (const step& next : steps_) {
    to = line_writer::write_padded(to, view(next.before, How));
    if (next.argument == format_piece::no_argument) continue;
    if (next.by != nullptr) {
      out.advance_to(to);
      text_buffer& buffer = out.yield();
      const std::size_t begin = buffer.size();
      append_or_mark(buffer, *next.by, at);
      if (How != raw && next.loud) escape_tail(buffer, begin, style);
      out.resume();
      to = out.reserve(room_for_steps_);
      continue;
    }
    with_value(
        next.kind, at[next.argument], [&]<class T>(const T& value) __attribute__((always_inline)) {
          if constexpr (std::is_same_v<T, std::string_view>)
            write_text(value);
          else if constexpr (std::is_same_v<T, char>)
            write_text({&value, 1});
          else
            to = write_plain(to, value);
        });
  }
  out.advance_to(to);
}

namespace {

/// What its formatter makes of a custom type, or the mark if that throws.
void append_custom_text(text_buffer& value, const argument_type& type, const std::byte* at) {
  try {
    type.append_custom(fmt::appender(value), "{}", at);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    value.clear();
    weir::append(value, unformattable);
  }
}

/// Text as a field's value.
template <field_style Style>
[[gnu::always_inline]] inline void write_text(line_writer& out, char* to, std::string_view value) {
  if (Style == field_style::text && copy_if_token(to, value) && value != "null")
    return out.advance_to(to + value.size());
  *to++ = '"';
  if (copy_if_plain(to, value, field_style::json)) [[likely]] {
    to += value.size();
    *to = '"';
    return out.advance_to(to + 1);
  }
  out.advance_to(to);
  text_buffer& buffer = out.yield();
  const std::size_t begin = buffer.size() - 1;
  append_escaped(buffer, value, field_style::json);
  Style == field_style::json ? buffer.push_back('"') : end_value(buffer, begin);
  out.resume();
}

/// A custom type's value, or a structure.
template <field_style Style>
[[gnu::noinline]] void write_held(line_writer& out, const argument_type& type, const std::byte* from, bool cut) {
  if (type.kind == argument_kind::custom) {
    text_buffer value;
    append_custom_text(value, type, from);
    return write_text<Style>(out, out.reserve(value.size() + 2), {value.data(), value.size()});
  }
  const std::string_view value = codec<json_view>::read(from).text;
  // JSON as it is, unless it may have lost its end. Text writes a string that stands alone, and null, in the same
  // way.
  if (!cut && (Style == field_style::json || value.starts_with('"') || value == "null")) return out.append(value);
  write_text<Style>(out, out.reserve(value.size() + 2), value);
}

/// `prefix` stands for the key and what goes with it. `kind`: of `type`. `cut`: the record's strings are shortened,
/// so its structures are perhaps no longer JSON.
template <field_style Style>
[[gnu::always_inline]] inline void write_field(line_writer& out, std::string_view prefix, argument_kind kind,
                                               const argument_type& type, const std::byte* from, bool cut) {
  const std::size_t text_size = kind == argument_kind::text ? codec<std::string_view>::read(from).size() + 2 : 0;
  char* to = out.reserve(prefix.size() + line_writer::padding + longest_number + text_size);
  to = line_writer::write_padded(to, prefix);
  with_value<true>(
      kind, from, [&]<class T>(const T& value) __attribute__((always_inline)) {
        if constexpr (std::is_same_v<T, std::string_view>) {
          write_text<Style>(out, to, value);
        } else if constexpr (std::is_same_v<T, char>) {
          write_text<Style>(out, to, {&value, 1});
        } else if constexpr (std::is_same_v<T, held_value>) {
          out.advance_to(to);
          write_held<Style>(out, type, value.at, cut);
        } else if constexpr (std::is_pointer_v<T>) {
          if (Style == field_style::json) *to++ = '"';
          to = write_plain(to, value);
          if (Style == field_style::json) *to++ = '"';
          out.advance_to(to);
        } else {
          if constexpr (std::is_floating_point_v<T>)
            if (!std::isfinite(value)) {
              if (Style == field_style::json) *to++ = '"';
              to = write_constant(to, name_of_no_number(value));
              if (Style == field_style::json) *to++ = '"';
              return out.advance_to(to);
            }
          out.advance_to(write_plain(to, value));
        }
      });
}

void write_raw_value(line_writer& out, const argument_type& type, const std::byte* from) {
  with_value<true>(type.kind, from, [&]<class T>(const T& value) {
    if constexpr (std::is_same_v<T, std::string_view>) {
      out.append(value);
    } else if constexpr (std::is_same_v<T, char>) {
      out.append(value);
    } else if constexpr (std::is_same_v<T, held_value>) {
      if (type.kind == argument_kind::structure) return out.append(codec<json_view>::read(value.at).text);
      text_buffer text;
      append_custom_text(text, type, value.at);
      out.append({text.data(), text.size()});
    } else {
      if constexpr (std::is_floating_point_v<T>)
        if (!std::isfinite(value)) return out.append(name_of_no_number(value));
      out.advance_to(write_plain(out.reserve(longest_number), value));
    }
  });
}

} // namespace

template <message_plan::spelling How>
void message_plan::write_fields(line_writer& out, const argument_positions& at, bool cut) const {
  constexpr auto style = How == json ? field_style::json : field_style::text;
  for (const named& field : fields_)
    write_field<style>(out, view(field.prefix, How), field.kind, arguments_[field.argument], at[field.argument], cut);
}

bool message_plan::has_field(std::string_view key) const noexcept {
  return std::ranges::any_of(arguments_, [&](const argument_type& type) { return type.key == key; });
}

void message_plan::write_carried(line_writer& out, const carried_spans& carried, field_style style) const {
  const auto write = [&](const argument_type& type, const std::byte* value) {
    std::string prefix = prefix_of(type.key, style);
    const std::size_t size = prefix.size();
    prefix.append(line_writer::padding, '\0');
    const std::string_view padded(prefix.data(), size);
    if (style == field_style::json)
      write_field<field_style::json>(out, padded, type.kind, type, value, false);
    else
      write_field<field_style::text>(out, padded, type.kind, type, value, false);
  };
  for_each_carried(carried.of_logger, [&](const argument_type& type, const std::byte* value) {
    if (!has_field(type.key)) write(type, value);
  });
  for_each_carried(carried.of_context, [&](const argument_type& type, const std::byte* value) {
    if (!has_field(type.key) && !carries(carried.of_logger, type.key)) write(type, value);
  });
}

bool message_plan::write_raw_field(line_writer& out, const argument_positions& at, std::string_view key) const {
  for (const named& field : fields_) {
    const argument_type& type = arguments_[field.argument];
    if (type.key != key) continue;
    write_raw_value(out, type, at[field.argument]);
    return true;
  }
  return false;
}

bool message_plan::write_raw_field(line_writer& out, std::span<const std::byte> carried, std::string_view key) {
  bool found = false;
  for_each_carried(carried, [&](const argument_type& type, const std::byte* value) {
    if (found || type.key != key) return;
    write_raw_value(out, type, value);
    found = true;
  });
  return found;
}

void message_plan::write_raw_message(line_writer& out, const argument_positions& at) const {
  write_steps<raw>(out, at);
}

void message_plan::write_message(line_writer& out, const argument_positions& at, field_style style) const {
  style == field_style::json ? write_steps<json>(out, at) : write_steps<text>(out, at);
}

void message_plan::write_fields(line_writer& out, const argument_positions& at, field_style style, bool cut) const {
  style == field_style::json ? write_fields<json>(out, at, cut) : write_fields<text>(out, at, cut);
}

} // namespace weir::detail
