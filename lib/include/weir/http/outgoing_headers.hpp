// What a request carries on that is sent while another one is worked for: trace, baggage, id, and the time left.
#pragma once

#include "weir/context.hpp"
#include "weir/http/deadline_header.hpp"
#include "weir/http/request_values.hpp"
#include "weir/trace.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

namespace weir {

/// The time until `ctx` ends by its deadline, zero if that has passed; nullopt if it has none. Thread-safe.
inline std::optional<std::chrono::nanoseconds> remaining(const context& ctx) noexcept {
  const auto deadline = ctx.deadline();
  if (!deadline) return std::nullopt;
  return std::max<std::chrono::nanoseconds>(*deadline - context::clock::now(), std::chrono::nanoseconds(0));
}

/// The headers of one outgoing request that is made under a context. Each call has a span of its own, a child of the
/// context's:
///
///   const weir::outgoing_headers carried(ctx);
///   carried.for_each([&](std::string_view name, std::string_view value) { request.set(name, value); });
///
/// Thread safety: constant once made. Lifetime: keeps the context. Errors: none. Cost: a few random bits and, if the
/// context has a deadline, a clock read; allocates nothing.
class outgoing_headers {
 public:
  /// `deadline_header`: the name under which the time left is sent; empty to send none. It is to outlive this.
  explicit outgoing_headers(context ctx, std::string_view deadline_header = default_deadline_header) noexcept;

  /// The ids of the call, for with_correlation(); those of a new trace if the context has none.
  const correlation& ids() const noexcept { return ids_; }

  /// Calls `set(name, value)` for each header: `traceparent`; `tracestate`, `baggage`, `X-Request-ID` if the context
  /// has them; what is left of its deadline when this was made. The views are valid as long as this is.
  template <class Set>
  void for_each(Set&& set) const {
    set(std::string_view("traceparent"), traceparent_.view());
    if (const std::string_view state = tracestate_of(ctx_); !state.empty())
      set(std::string_view("tracestate"), state);
    if (const baggage* carried = baggage_of(ctx_); carried != nullptr && !carried->empty())
      set(std::string_view("baggage"), std::string_view(carried->to_header()));
    if (const std::string_view id = request_id_of(ctx_); !id.empty()) set(std::string_view("X-Request-ID"), id);
    if (left_) set(deadline_header_, left_->view());
  }

 private:
  context ctx_;
  correlation ids_;
  static_text<55> traceparent_;
  std::string_view deadline_header_;
  std::optional<timeout_text> left_;
};

} // namespace weir
