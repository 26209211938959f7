// Options outside their range: one wording for all.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <stdexcept>
#include <string_view>

namespace weir::detail {

/// Throws std::invalid_argument naming the option and its value, unless `least` <= `value` <= `most`.
template <class T>
void check_option(std::string_view name, T value, T least, T most) {
  if (!(value >= least && value <= most)) // so a NaN is refused, too
    throw std::invalid_argument(fmt::format("{} is {}: it must be from {} to {}", name, value, least, most));
}

template <class Enum>
void check_enumerator(std::string_view name, Enum value, Enum last) {
  check_option(name, static_cast<unsigned>(value), 0U, static_cast<unsigned>(last));
}

inline void check_power_of_two(std::string_view name, std::size_t value) {
  if (!std::has_single_bit(value))
    throw std::invalid_argument(fmt::format("{} is {}: it must be a power of two", name, value));
}

} // namespace weir::detail
