// Bounds of a histogram's buckets that follow a rule.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <stdexcept>

namespace weir {

namespace detail {

/// `value` to 15 significant digits, as many as every double keeps: 0.1 + 0.2 is 0.3, and is written so on a page.
/// What is below 1e-13 stays as it is: powers of ten are exact up to 1e27.
constexpr double without_rounding_errors(double value) noexcept {
  long double scale = 1;
  for (int i = 0; i < 27 && value * scale < 1e14L && value * scale > -1e14L; ++i) scale *= 10;
  const long double digits = value * scale;
  const long double size = digits < 0 ? -digits : digits;
  if (size < 1e14L || size > 1e16L) return value;
  return static_cast<double>(static_cast<long long>(digits + (digits < 0 ? -0.5L : 0.5L)) / scale);
}

} // namespace detail

/// `Count` bounds: `first`, `first + width`, ... For values of one order of magnitude. Constant, if its arguments
/// are:
///
///   constexpr auto seats = weir::linear_bounds<5>(1, 1);                  // 1, 2, 3, 4, 5
///   constexpr weir::histogram_description party{"party_size", "Guests at a table.", {}, seats};
///
/// Errors: throws std::invalid_argument, in a constant a compile error, if `width` is not positive, or so small
/// beside `first` that the bounds do not grow, or if they are not finite.
template <std::size_t Count>
constexpr std::array<double, Count> linear_bounds(double first, double width);

/// `Count` bounds: `first`, `first * factor`, ... For values of many orders of magnitude:
///
///   constexpr auto rows = weir::exponential_bounds<6>(1, 10);             // 1, 10, 100, 1000, 10'000, 100'000
///
/// Errors: as above, if `first` is not positive or `factor` is not above 1.
template <std::size_t Count>
constexpr std::array<double, Count> exponential_bounds(double first, double factor);

namespace detail {

template <std::size_t Count>
constexpr std::array<double, Count> checked_bounds(std::array<double, Count> bounds, const char* complaint) {
  static_assert(Count > 0, "a histogram has at least one bound");
  double last = -std::numeric_limits<double>::infinity();
  for (const double bound : bounds) {
    if (!(bound > last) || bound == std::numeric_limits<double>::infinity()) throw std::invalid_argument(complaint);
    last = bound;
  }
  return bounds;
}

} // namespace detail

template <std::size_t Count>
constexpr std::array<double, Count> linear_bounds(double first, double width) {
  std::array<double, Count> bounds{};
  for (std::size_t i = 0; i < Count; ++i)
    bounds[i] = detail::without_rounding_errors(first + static_cast<double>(i) * width);
  if (!(width > 0)) throw std::invalid_argument("linear_bounds: the width must be positive");
  return detail::checked_bounds(bounds, "linear_bounds: the bounds do not grow, or are not finite");
}

template <std::size_t Count>
constexpr std::array<double, Count> exponential_bounds(double first, double factor) {
  if (!(first > 0)) throw std::invalid_argument("exponential_bounds: the first bound must be positive");
  if (!(factor > 1)) throw std::invalid_argument("exponential_bounds: the factor must be above 1");
  std::array<double, Count> bounds{};
  double bound = first;
  for (double& each : bounds) {
    each = detail::without_rounding_errors(bound);
    bound *= factor;
  }
  return detail::checked_bounds(bounds, "exponential_bounds: the bounds do not grow, or are not finite");
}

} // namespace weir
