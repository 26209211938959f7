// The width that a pattern gives a part of its line.
#pragma once

#include "weir/log/text_buffer.hpp"

#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// `%8l`, `%-8l`, `%=8l`, `%8!l`: at least so wide, filled with spaces, and with `cuts` at most so wide.
struct column {
  enum class side : std::uint8_t { right, left, centre }; // where the text stands
  std::size_t width = 0;
  side alignment = side::right;
  bool cuts = false;

  /// Whether every width will do.
  bool is_any() const noexcept { return width == 0 && !cuts; }
};

/// Brings what stands at the end of `out` from `begin` on, which is valid UTF-8, to the column's width, counted in
/// characters. Throws std::bad_alloc.
void fit(text_buffer& out, std::size_t begin, const column& to);

} // namespace weir::detail
