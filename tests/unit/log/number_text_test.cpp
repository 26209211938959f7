#include "log/number_text.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace {

template <class T>
std::string floating(T value) {
  char text[weir::detail::longest_number];
  return {text, weir::detail::write_floating(text, value)};
}

template <class T>
void check_one_integer(T value) {
  char text[weir::detail::longest_number];
  const std::string written(text, weir::detail::write_integer(text, value));
  if (written != fmt::format("{}", value)) FAIL(written << " for " << fmt::format("{}", value));
}

/// As each of the types.
void check_integer(std::uint64_t value) {
  check_one_integer(value);
  check_one_integer(static_cast<std::int64_t>(value));
  check_one_integer(static_cast<std::uint32_t>(value));
  check_one_integer(static_cast<std::int32_t>(value));
}

template <class T>
void check(T value) {
  if (floating(value) != fmt::format("{}", value)) FAIL(floating(value) << " for " << fmt::format("{}", value));
}

} // namespace

TEST_CASE("number: an integer is written as fmt writes it", "[log][number]") {
  for (std::uint64_t power = 1; power != 0; power = power > UINT64_MAX / 10 ? 0 : power * 10)
    for (const std::uint64_t value : {power - 1, power, power + 1, power * 9}) check_integer(value);
  std::mt19937_64 random(2);
  for (int i = 0; i < 200'000; ++i) check_integer(random() >> random() % 64);
  check_integer(std::uint64_t{1} << 31);
  check_integer(std::uint64_t{1} << 63);
  check_integer(UINT64_MAX);
}

TEST_CASE("number: a floating point number is written as fmt writes it", "[log][number]") {
  for (const double value : {0.0,
                             -0.0,
                             1.0,
                             -1.0,
                             0.5,
                             0.1,
                             0.3,
                             1.0 / 3,
                             123.456,
                             1e-4,
                             9.9999e-5,
                             1e-5,
                             1e-9,
                             1e6,
                             999'999.999999999,
                             1e15,
                             1e16,
                             1e17,
                             1e300,
                             4.9e-324,
                             1.7976931348623157e308,
                             0.000123456789,
                             12345.000000001,
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    check(value);
    check(-value);
    check(static_cast<float>(value));
    check(std::nextafter(value, 2.0));
    check(std::nextafter(value, -2.0));
  }
}

TEST_CASE("number: decimals of any length, and any bits, are written as fmt writes them", "[log][number]") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto decimals = static_cast<int>(random() % 12);
    const auto whole = static_cast<double>(random() >> (random() % 60 + 4));
    check(whole / std::pow(10.0, decimals));
    check(std::nextafter(whole / std::pow(10.0, decimals), 0.0));
    check(std::bit_cast<double>(random()));
    check(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
  }
}

TEST_CASE("number: digits and hexadecimal numbers have their full width", "[log][number]") {
  char text[16];
  weir::detail::write_digits(text, 4207, 6);
  CHECK(std::string(text, 6) == "004207");
  CHECK(std::string(text, weir::detail::write_hex(text, 0x0123456789abcdef)) == "0123456789abcdef");
  CHECK(std::string(text, weir::detail::write_hex(text, 7)) == "0000000000000007");
}
