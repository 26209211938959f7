#include "log/number_text.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

namespace weir::detail {

namespace {

constexpr auto decimal_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

constexpr auto powers_of_ten = [] {
  std::array<std::uint64_t, 20> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

std::size_t digits_of(std::uint64_t value) noexcept {
  // 1233 / 4096 is just above the logarithm of 2 to base 10.
  value |= 1; // zero has a digit, too
  const auto guess = static_cast<std::size_t>(std::bit_width(value)) * 1233 >> 12;
  return guess + (value >= powers_of_ten[guess] ? 1 : 0);
}

constexpr auto hexadecimal_pairs = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = digits[i / 16];
    pairs[2 * i + 1] = digits[i % 16];
  }
  return pairs;
}();

/// Half the instructions of std::to_chars, which asks for the number of digits by comparing.
template <class Unsigned>
char* write_unsigned(char* at, Unsigned value) noexcept {
  char* const end = at + digits_of(value);
  char* to = end;
  while (value >= 100) {
    to -= 2;
    std::memcpy(to, &decimal_pairs[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10)
    std::memcpy(to - 2, &decimal_pairs[2 * value], 2);
  else
    *(to - 1) = static_cast<char>('0' + value);
  return end;
}

template <class Unsigned, class Signed>
char* write_signed(char* at, Signed value) noexcept {
  *at = '-';
  const auto magnitude = static_cast<Unsigned>(value);
  return value < 0 ? write_unsigned(at + 1, Unsigned{0} - magnitude) : write_unsigned(at, magnitude);
}

/// Takes the zeroes off the end of `value`, which is not 0, and their number off `digits`.
void strip_zeroes(std::uint32_t& value, int& digits) noexcept {
  for (const auto& [power, zeroes] : {std::pair{1'000'000U, 6}, {1000U, 3}})
    if (value % power == 0) {
      value /= power;
      digits -= zeroes;
      break;
    }
  while (value % 10 == 0) {
    value /= 10;
    --digits;
  }
}

/// `.` and nine decimals, less the zeroes at their end.
char* write_fraction(char* at, std::uint32_t billionths) noexcept {
  int digits = 9;
  strip_zeroes(billionths, digits);
  *at++ = '.';
  at[0] = '0';
  write_digits(at + digits % 2, billionths, digits - digits % 2);
  if (digits % 2 != 0)
    at[0] = static_cast<char>('0' + billionths / powers_of_ten[static_cast<std::size_t>(digits) - 1]);
  return at + digits;
}

/// Billionths that make less than 1e-4, as fmt writes such: `3.0517e-05`.
char* write_tiny(char* at, std::uint32_t billionths) noexcept {
  const auto exponent = static_cast<char>('0' + (10 - digits_of(billionths)));
  int digits = 0;
  strip_zeroes(billionths, digits);
  char* end = write_unsigned(at + 1, billionths);
  at[0] = at[1];
  if (end - at > 2)
    at[1] = '.';
  else
    end = at + 1;
  std::memcpy(end, "e-0", 3);
  end[3] = exponent;
  return end + 4;
}

/// Most numbers that people log are decimals of a few digits: sizes, seconds to the microsecond, ratios. Is `value`
/// n / 10^9 for a whole n of at most 15 digits? The division is correctly rounded, so if it gives `value`, then
/// n/10^9 reads back as `value`; and no other decimal of at most 15 digits does (a double tells them all apart), so
/// it is also the shortest. Returns nullptr for all other values. Half the time of a general algorithm.
char* write_short_decimal(char* at, double value) noexcept {
  constexpr double scale = 1e9, most = 1e15;
  const double scaled = std::abs(value) * scale;
  if (!(scaled >= 1 && scaled < most)) return nullptr; // nor zero, which has no digits to begin with
  const auto n = static_cast<std::uint64_t>(scaled + 0.5);
  if (static_cast<double>(n) / scale != std::abs(value)) return nullptr;
  *at = '-';
  at += std::signbit(value) ? 1 : 0;
  const auto billionths = static_cast<std::uint32_t>(n % 1'000'000'000);
  if (n < 100'000) return write_tiny(at, billionths);
  at = write_unsigned(at, static_cast<std::uint32_t>(n / 1'000'000'000));
  return billionths == 0 ? at : write_fraction(at, billionths);
}

} // namespace

char* write_integer(char* at, std::uint32_t value) noexcept { return write_unsigned(at, value); }
char* write_integer(char* at, std::uint64_t value) noexcept { return write_unsigned(at, value); }
char* write_integer(char* at, std::int32_t value) noexcept { return write_signed<std::uint32_t>(at, value); }
char* write_integer(char* at, std::int64_t value) noexcept { return write_signed<std::uint64_t>(at, value); }

char* write_floating(char* at, double value) {
  if (char* const end = write_short_decimal(at, value)) return end;
  return fmt::format_to(at, FMT_COMPILE("{}"), value);
}

char* write_floating(char* at, float value) { return fmt::format_to(at, FMT_COMPILE("{}"), value); }

void write_digits(char* at, std::uint32_t value, int digits) noexcept {
  for (int i = digits - 2; i >= 0; i -= 2) {
    std::memcpy(at + i, &decimal_pairs[2 * (value % 100)], 2);
    value /= 100;
  }
}

char* write_hex(char* at, std::uint64_t value) noexcept {
  for (int i = 0; i < 8; ++i) std::memcpy(at + 2 * i, &hexadecimal_pairs[2 * (value >> (56 - 8 * i) & 0xff)], 2);
  return at + 16;
}

} // namespace weir::detail
