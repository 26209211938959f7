// What a request's context carries of the request: its id, its caller's baggage, its place in the trace.
#pragma once

#include "weir/context.hpp"
#include "weir/trace.hpp"

#include <string>
#include <string_view>

namespace weir {

namespace detail {

/// Of requests that have one of them.
struct request_values {
  std::string request_id;
  std::string tracestate; // its text, valid
};
struct request_values_key {
  using value_type = request_values;
};

} // namespace detail

/// The id of the request that `ctx` belongs to, or "" if it has none: see observer_options::request_ids. Valid as
/// long as a handle to the context. Thread-safe. Cost: as context::value().
inline std::string_view request_id_of(const context& ctx) noexcept {
  const detail::request_values* const values = ctx.value<detail::request_values_key>();
  return values != nullptr ? std::string_view(values->request_id) : std::string_view();
}

/// The baggage that came with the request, or that somebody has put under `baggage_key` since; nullptr if there is
/// none. Valid as long as a handle to the context. Thread-safe. Cost: as context::value().
inline const baggage* baggage_of(const context& ctx) noexcept { return ctx.value<baggage_key>(); }

/// The `tracestate` that came with the request, normalised; "" if there is none. It belongs to the trace of
/// context::ids(). Valid as long as a handle to the context. Thread-safe. Cost: as context::value().
inline std::string_view tracestate_of(const context& ctx) noexcept {
  const detail::request_values* const values = ctx.value<detail::request_values_key>();
  return values != nullptr ? std::string_view(values->tracestate) : std::string_view();
}

} // namespace weir
