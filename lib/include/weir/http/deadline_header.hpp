// How long a caller waits for its response, as headers tell it: read from requests, written into those sent on.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace weir {

/// The header that carries a caller's time limit where no other name is configured. There is no standard; the name
/// says the unit, as those of Connect and Envoy do.
inline constexpr std::string_view default_deadline_header = "X-Request-Timeout-Ms";

/// Reads the time for which a caller still waits: `["-"] 1*10DIGIT ["ms" / "s"]`, milliseconds where there is no
/// unit; spaces and tabs around it are ignored. So it reads `Connect-Timeout-Ms` and Envoy's
/// `x-envoy-expected-rq-timeout-ms` too. Zero or less: the time is over.
/// Result: nullopt for any other text. Thread-safe; allocates nothing.
std::optional<std::chrono::microseconds> parse_timeout(std::string_view value) noexcept;

/// Reads gRPC's `grpc-timeout`: 1 to 8 digits and a unit, of `H M S m u n`; nanoseconds are rounded up.
/// Result: nullopt for any other text. Thread-safe; allocates nothing.
/// Source: "gRPC over HTTP2", Requests, Timeout.
std::optional<std::chrono::microseconds> parse_grpc_timeout(std::string_view value) noexcept;

/// What is left of a caller's time, as parse_timeout() reads it.
class timeout_text {
 public:
  /// In whole milliseconds, rounded up, so that only what is over becomes 0; from 0 to 9999999999.
  explicit timeout_text(std::chrono::nanoseconds left) noexcept;
  std::string_view view() const noexcept { return {chars_.data(), size_}; }
  operator std::string_view() const noexcept { return view(); }

 private:
  std::array<char, 10> chars_;
  std::size_t size_;
};

} // namespace weir
