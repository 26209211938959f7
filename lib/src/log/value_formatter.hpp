// One argument of a message by its format specification.
#pragma once

#include "log/format_pieces.hpp"
#include "weir/log/argument_type.hpp"
#include "weir/log/record.hpp"

#include <memory>
#include <span>

namespace weir::detail {

/// A field's value that is more than a number or a text.
struct held_value {
  const std::byte* at;
};

/// Calls `use` with the value at `at`, in its own type. Custom kinds and
/// structures come as held_value if `Held`, otherwise they must not come.
template <bool Held = false, class Use>
[[gnu::always_inline]] inline decltype(auto) with_value(argument_kind kind, const std::byte* at, Use use) {
  switch (kind) {
  case argument_kind::boolean:
    return use(codec<bool>::read(at));
  case argument_kind::character:
    return use(codec<char>::read(at));
  case argument_kind::int32:
    return use(codec<std::int32_t>::read(at));
  case argument_kind::uint32:
    return use(codec<std::uint32_t>::read(at));
  case argument_kind::int64:
    return use(codec<std::int64_t>::read(at));
  case argument_kind::uint64:
    return use(codec<std::uint64_t>::read(at));
  case argument_kind::float32:
    return use(codec<float>::read(at));
  case argument_kind::float64:
    return use(codec<double>::read(at));
  case argument_kind::pointer:
    return use(codec<const void*>::read(at));
  case argument_kind::custom:
  case argument_kind::structure:
    if constexpr (Held) return use(held_value{at});
    break;
  case argument_kind::text:
    break;
  }
  return use(codec<std::string_view>::read(at));
}

/// Formats one value. Immutable.
class value_formatter {
 public:
  virtual ~value_formatter() = default;
  /// `all`: of the record; widths and precisions may be among them. Throws what fmt or a type's formatter throws.
  virtual void append(text_buffer& out, const argument_positions& all) const = 0;
};

/// The formatter for the argument of `piece`, its specification parsed once, except where it has other arguments in
/// it. Throws std::bad_alloc.
std::unique_ptr<const value_formatter> make_formatter(const format_piece& piece,
                                                      std::span<const argument_type> arguments);

} // namespace weir::detail
