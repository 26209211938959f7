#include "log/number_text.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

constexpr std::uint32_t hundred_million = 100'000'000;

/// The decimal digits of `value`, below 10^8, one a byte, the first of the eight in the lowest. Each of three steps
/// divides all groups of digits at once, and puts quotient and remainder, each in half of the group's place: q +
/// ((x - q * d) << half) is (x << half) - q * ((d << half) - 1). The factors are just above 1/100 and 1/10, near
/// enough for groups of four and of two digits.
constexpr std::uint64_t eight_digits(std::uint32_t value) noexcept {
  const std::uint64_t fours = (std::uint64_t{value} << 32) - value / 10'000 * ((std::uint64_t{10'000} << 32) - 1);
  const std::uint64_t hundreds = (fours * 10'486 >> 20) & 0x0000'007f'0000'007fU;
  const std::uint64_t twos = (fours << 16) - hundreds * ((100U << 16) - 1);
  const std::uint64_t tens = (twos * 103 >> 10) & 0x000f'000f'000f'000fU;
  return (twos << 8) - tens * ((10U << 8) - 1);
}

constexpr std::uint64_t zeroes = 0x3030'3030'3030'3030U; // eight characters

/// Eight characters, the first of them in the lowest byte.
void store(char* at, std::uint64_t characters) noexcept {
  if constexpr (std::endian::native == std::endian::big) characters = __builtin_bswap64(characters);
  std::memcpy(at, &characters, sizeof characters);
}

/// Of a value below 10^8. Eight bytes are written, whatever its length: no branch depends on that.
char* write_short(char* at, std::uint32_t value) noexcept {
  const std::uint64_t digits = eight_digits(value);
  constexpr std::uint64_t last = std::uint64_t{1} << 56; // zero has a digit, too
  const int leading = std::countr_zero(digits | last) / 8;
  store(at, (digits | zeroes) >> leading * 8);
  return at + 8 - leading;
}

char* write_eight(char* at, std::uint32_t value) noexcept {
  store(at, eight_digits(value) | zeroes);
  return at + 8;
}

/// Of a value from 10^8 on.
[[gnu::noinline]] char* write_long(char* at, std::uint64_t value) noexcept {
  const std::uint64_t high = value / hundred_million;
  at = high < hundred_million ? write_short(at, static_cast<std::uint32_t>(high)) : write_long(at, high);
  return write_eight(at, static_cast<std::uint32_t>(value % hundred_million));
}

#if !defined(__SSE2__)
constexpr auto hexadecimal_pairs = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = digits[i / 16];
    pairs[2 * i + 1] = digits[i % 16];
  }
  return pairs;
}();
#endif

/// Three quarters of the time of a loop over pairs of digits.
char* write_unsigned(char* at, std::uint64_t value) noexcept {
  return value < hundred_million ? write_short(at, static_cast<std::uint32_t>(value)) : write_long(at, value);
}

template <class Unsigned, class Signed>
char* write_signed(char* at, Signed value) noexcept {
  *at = '-';
  const auto magnitude = static_cast<Unsigned>(value);
  return value < 0 ? write_unsigned(at + 1, Unsigned{0} - magnitude) : write_unsigned(at, magnitude);
}

/// Three digits, and how many are left of them without the zeroes at their end.
struct three_digits {
  char digits[3];
  char significant;
};
constexpr auto thousandths = [] {
  std::array<three_digits, 1000> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto digit = [](std::size_t value) { return static_cast<char>('0' + value % 10); };
    const char significant = i % 10 != 0 ? 3 : i % 100 != 0 ? 2 : i != 0 ? 1 : 0;
    all[i] = {{digit(i / 100), digit(i / 10), digit(i)}, significant};
  }
  return all;
}();

/// `.` and nine decimals, which are not all 0, less the zeroes at their end. Most have three or six: a branch that
/// the processor foretells costs less than finding out by calculation.
char* write_fraction(char* at, std::uint32_t billionths) noexcept {
  constexpr std::uint32_t million = 1'000'000;
  *at++ = '.';
  for (;; at += 3) {
    const three_digits& next = thousandths[billionths / million];
    std::memcpy(at, &next, sizeof next);
    billionths %= million;
    if (billionths == 0) return at + next.significant;
    billionths *= 1000;
  }
}

/// Billionths that make less than 1e-4, as fmt writes such: `3.0517e-05`.
char* write_tiny(char* at, std::uint32_t billionths) noexcept {
  const std::uint64_t digits = eight_digits(billionths);
  const int leading = std::countr_zero(digits) / 8;
  const int last = (63 - std::countl_zero(digits)) / 8;
  store(at + 1, (digits | zeroes) >> leading * 8);
  at[0] = at[1];
  at[1] = '.';
  char* const end = last == leading ? at + 1 : at + 2 + (last - leading);
  std::memcpy(end, "e-0", 3);
  end[3] = static_cast<char>('2' + leading);
  return end + 4;
}

/// Most numbers that people log are decimals of a few digits: sizes, seconds to the microsecond, ratios. Is `value`
/// n / 10^9 for a whole n of at most 15 digits? The division is correctly rounded, so if it gives `value`, then
/// n/10^9 reads back as `value`; and no other decimal of at most 15 digits does (a double tells them all apart), so
/// it is also the shortest. Returns nullptr for all other values. Half the time of a general algorithm.
char* write_short_decimal(char* at, double value) noexcept {
  constexpr double scale = 1e9, most = 1e15;
  const double scaled = std::abs(value) * scale;
  if (!(scaled >= 1 && scaled < most)) return nullptr;    // nor zero, which has no digits to begin with
  const auto n = static_cast<std::int64_t>(scaled + 0.5); // signed: processors convert that in one instruction
  if (static_cast<double>(n) / scale != std::abs(value)) return nullptr;
  *at = '-';
  at += std::signbit(value) ? 1 : 0;
  if (n < 100'000) [[unlikely]]
    return write_tiny(at, static_cast<std::uint32_t>(n));
  const std::uint64_t whole = static_cast<std::uint64_t>(n) / 1'000'000'000;
  const auto billionths = static_cast<std::uint32_t>(static_cast<std::uint64_t>(n) - whole * 1'000'000'000);
  at = write_short(at, static_cast<std::uint32_t>(whole));
  return billionths == 0 ? at : write_fraction(at, billionths);
}

[[gnu::noinline]] char* write_any(char* at, double value) { return fmt::format_to(at, FMT_COMPILE("{}"), value); }

} // namespace

char* write_integer(char* at, std::uint32_t value) noexcept { return write_unsigned(at, value); }
char* write_integer(char* at, std::uint64_t value) noexcept { return write_unsigned(at, value); }
char* write_integer(char* at, std::int32_t value) noexcept { return write_signed<std::uint32_t>(at, value); }
char* write_integer(char* at, std::int64_t value) noexcept { return write_signed<std::uint64_t>(at, value); }

char* write_floating(char* at, double value) {
  if (char* const end = write_short_decimal(at, value)) [[likely]]
    return end;
  return write_any(at, value);
}

char* write_floating(char* at, float value) { return fmt::format_to(at, FMT_COMPILE("{}"), value); }

void write_digits(char* at, std::uint32_t value, int digits) noexcept {
  for (int i = digits - 2; i >= 0; i -= 2) {
    std::memcpy(at + i, &decimal_pairs[2 * (value % 100)], 2);
    value /= 100;
  }
}

#if defined(__SSE2__)
char* write_hex(char* at, std::uint64_t value) noexcept {
  const __m128i bytes = _mm_cvtsi64_si128(static_cast<long long>(__builtin_bswap64(value)));
  const __m128i low_four = _mm_set1_epi8(0x0f);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), low_four), low = _mm_and_si128(bytes, low_four);
  const __m128i digits = _mm_unpacklo_epi8(high, low);
  const __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(digits, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '9' - 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm_add_epi8(_mm_add_epi8(digits, _mm_set1_epi8('0')), letters));
  return at + 16;
}
#else
char* write_hex(char* at, std::uint64_t value) noexcept {
  for (int i = 0; i < 8; ++i) std::memcpy(at + 2 * i, &hexadecimal_pairs[2 * (value >> (56 - 8 * i) & 0xff)], 2);
  return at + 16;
}
#endif

} // namespace weir::detail
