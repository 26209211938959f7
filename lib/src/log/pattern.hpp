// A line's pattern, in spdlog's notation, taken apart.
#pragma once

#include "log/column.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// Text as it is, or a flag.
struct pattern_piece {
  std::string literal{};
  char flag = literal_text;
  column width{};

  static constexpr char literal_text = '\0';
  // The two parts of `%+` that are there or not: "[name] " and "[file:line] ".
  static constexpr char named = '\1', placed = '\2';
  // Fields and ids that the pattern does not place.
  static constexpr char rest_fields = '\3', rest_ids = '\4';
};

/// The pieces of `pattern`; `%+` comes as what it stands for, `%%` as text, and, lest they are lost on a pattern that
/// knows nothing of them, fields and ids behind the last message. Throws std::invalid_argument, naming
/// the pattern, what is wrong in it and where (from 0, in bytes), for an unknown flag, a width that is none, and text
/// that would not be one line of valid UTF-8; std::bad_alloc.
std::vector<pattern_piece> parse_pattern(std::string_view pattern);

} // namespace weir::detail
