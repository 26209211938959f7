// Numbers as text, straight into memory that has room for them.
#pragma once

#include <cstdint>

namespace weir::detail {

/// The most bytes that any of these writes. All return the end of the number; behind it there may be others' remains.
inline constexpr std::size_t longest_number = 32;

/// Decimal, as fmt's `{}`.
char* write_integer(char* at, std::uint32_t value) noexcept;
char* write_integer(char* at, std::uint64_t value) noexcept;
char* write_integer(char* at, std::int32_t value) noexcept;
char* write_integer(char* at, std::int64_t value) noexcept;

/// The fewest digits that read back as the same value, as fmt's `{}`; "nan", "inf" and "-inf" included.
char* write_floating(char* at, double value);
char* write_floating(char* at, float value);

/// `value` in exactly `digits` decimal digits, an even number.
void write_digits(char* at, std::uint32_t value, int digits) noexcept;

/// 16 lower-case hexadecimal digits.
char* write_hex(char* at, std::uint64_t value) noexcept;

} // namespace weir::detail
