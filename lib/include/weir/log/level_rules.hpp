// Levels as text: "info,http=debug,http.client=off", as in the environment variable WEIR_LOG.
#pragma once

#include "weir/log/level.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace weir {

/// What one part of the text says.
struct level_rule {
  std::string_view logger{};        ///< empty: the stream itself, from which every logger inherits in the end
  std::optional<level> threshold{}; ///< nullopt: none of its own any more
  friend bool operator==(const level_rule&, const level_rule&) = default;
};

/// What parse_level_rules() makes of a text: true if it understood all of it. Lifetime: all views are into the text.
struct parsed_level_rules {
  std::vector<level_rule> rules{};         ///< in the text's order: of two for one logger the later one counts
  std::vector<std::string_view> refused{}; ///< the parts that are not rules
  explicit operator bool() const noexcept { return refused.empty(); }
};

/// Takes rules apart: parts with commas between them, each a level, which is the stream's, or `logger=level`, or
/// `logger=inherit`, with which a logger gives up its own. The levels are trace, debug, info, warn, error, critical
/// and off, in any case. Spaces and tabs around parts, names and levels do not count, and empty parts say nothing. A
/// logger's name may hold anything but commas, equals signs, blanks (also ends of lines), semicolons and asterisks:
/// there is one way to part rules, and no pattern, as `http` is for all below it, too. Throws std::bad_alloc.
/// Thread-safe.
parsed_level_rules parse_level_rules(std::string_view text);

} // namespace weir
