// Lower-case hexadecimal, the only spelling that trace context allows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::detail {

inline constexpr std::uint8_t not_hex = 0xff;

inline constexpr std::array<std::uint8_t, 256> hex_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(not_hex);
  for (std::uint8_t i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = i;
  for (std::uint8_t i = 0; i < 6; ++i) values[static_cast<std::size_t>('a' + i)] = static_cast<std::uint8_t>(10 + i);
  return values;
}();

/// Reads up to 16 digits; nullopt if any character is not one.
constexpr std::optional<std::uint64_t> read_hex(std::string_view digits) noexcept {
  std::uint64_t value = 0;
  std::uint8_t seen = 0;
  for (const char c : digits) {
    const std::uint8_t digit = hex_values[static_cast<unsigned char>(c)];
    // A digit has four bits, not_hex has more: one test after the loop instead of one for each character. What
    // not_hex does to the value is of no account then.
    seen |= digit;
    value = value << 4 | digit;
  }
  if (seen > 0x0f) return std::nullopt;
  return value;
}

/// Writes the last `digits` digits of `value` and returns the position after them.
constexpr char* write_hex(char* out, std::uint64_t value, int digits) noexcept {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[value >> shift & 0x0f];
  return out;
}

} // namespace weir::detail
