// Methods as labels of metrics.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace weir::detail {

/// OpenTelemetry's list; others become the last, or callers could make any number of series.
inline constexpr std::array<std::string_view, 10> known_methods{"GET",     "POST",  "PUT",   "DELETE",  "HEAD",
                                                                "OPTIONS", "PATCH", "TRACE", "CONNECT", "_OTHER"};

constexpr std::size_t method_index(std::string_view method) noexcept {
  const auto found = std::ranges::find(known_methods, method);
  return static_cast<std::size_t>(std::min(found, known_methods.end() - 1) - known_methods.begin());
}

constexpr std::string_view known_method(std::string_view method) noexcept {
  return known_methods[method_index(method)];
}

} // namespace weir::detail
