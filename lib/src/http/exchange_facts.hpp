// What metrics, access log and recorder conclude from the facts of an exchange: one rule for all of them.
#pragma once

#include "weir/http/exchange.hpp"

#include <chrono>
#include <string_view>

namespace weir::detail {

/// `slow_after`: see observer_options.
inline bool is_slow(const exchange_record& facts, std::chrono::milliseconds slow_after) noexcept {
  return slow_after.count() != 0 && facts.finished - facts.received > slow_after;
}

/// Whether it was the client that ended it, by going.
constexpr bool has_left(cancel_reason reason) noexcept {
  return reason == cancel_reason::client_closed || reason == cancel_reason::client_reset;
}

/// As OpenTelemetry writes it.
constexpr std::string_view protocol_version(unsigned version) noexcept {
  return version == 10 ? "1.0" : version == 20 ? "2" : "1.1";
}

} // namespace weir::detail
