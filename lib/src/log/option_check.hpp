// Options outside their range: one wording for all sinks.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

namespace weir::detail {

/// Throws std::invalid_argument naming the option and its value, unless `least` <= `value` <= `most`.
template <class T>
void check_option(std::string_view name, T value, T least, T most) {
  if (value < least || value > most)
    throw std::invalid_argument(fmt::format("{} is {}: it must be from {} to {}", name, value, least, most));
}

template <class Enum>
void check_enumerator(std::string_view name, Enum value, Enum last) {
  check_option(name, static_cast<unsigned>(value), 0U, static_cast<unsigned>(last));
}

} // namespace weir::detail
