// Which doubles are numbers, also where the compiler has been told that all are: -ffast-math leaves std::isfinite()
// out.
#pragma once

#include <bit>
#include <cstdint>

namespace weir::detail {

inline constexpr std::uint64_t exponent_bits = 0x7ff0'0000'0000'0000;

constexpr bool is_finite(double value) noexcept {
  return (std::bit_cast<std::uint64_t>(value) & exponent_bits) != exponent_bits;
}

constexpr bool is_negative_infinity(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value) == (exponent_bits | std::uint64_t{1} << 63);
}

} // namespace weir::detail
