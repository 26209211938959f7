// A format string taken apart.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// Literal text, then perhaps one replacement field.
struct format_piece {
  static constexpr std::size_t no_argument = static_cast<std::size_t>(-1);
  std::string literal{};
  std::size_t argument = no_argument;
  /// Behind the colon. Arguments within it (`{:{}}`, `{:.{2}f}`) are numbered, whether they were or not.
  std::string spec{};

  bool is_nested() const noexcept { return spec.find('{') != spec.npos; }
};

/// The pieces of a format that fmt has found to be well formed. Throws std::bad_alloc.
std::vector<format_piece> take_apart(std::string_view format);

} // namespace weir::detail
