// How much a record matters.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

/// Severities in rising order; `off` is a threshold only: nothing is logged at it.
enum class level : std::uint8_t { trace, debug, info, warn, error, critical, off };

/// The name as it is written in logs: "trace", "debug", "info", "warn", "error", "critical", "off". Thread-safe.
constexpr std::string_view to_string_view(level value) noexcept {
  constexpr std::array<std::string_view, 7> names{"trace", "debug", "info", "warn", "error", "critical", "off"};
  return names[static_cast<std::size_t>(value) % names.size()];
}

/// The level of that name (exact, lower case), or nullopt. Thread-safe.
constexpr std::optional<level> parse_level(std::string_view name) noexcept {
  for (int i = 0; i <= static_cast<int>(level::off); ++i)
    if (to_string_view(static_cast<level>(i)) == name) return static_cast<level>(i);
  return std::nullopt;
}

} // namespace weir
