// Who has a level of its own, and what the others inherit.
#pragma once

#include "weir/log/level.hpp"
#include "weir/log/level_rules.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace weir::detail {

/// "http.client" → "http" → "", which is the stream's own.
constexpr std::string_view parent_name(std::string_view logger) noexcept {
  const auto dot = logger.rfind('.');
  return dot == logger.npos ? std::string_view() : logger.substr(0, dot);
}

/// Thread-compatible; the registry's mutex is over it. Loggers need not exist to have a level here: it waits for
/// them.
class level_table {
 public:
  explicit level_table(level of_stream) noexcept : of_stream_(of_stream) {}

  /// The stream itself has nothing to inherit from: for it a rule without a threshold says nothing.
  void set(const level_rule& rule);

  /// The logger's own level, or its nearest ancestor's.
  level of(std::string_view logger) const noexcept;

  /// As parse_level_rules() reads it, names given as they are: the stream's level, then all others by name.
  std::string text() const;

 private:
  level of_stream_;
  std::map<std::string, level, std::less<>> own_;
};

} // namespace weir::detail
