// The context of one request after the other, in the same memory wherever possible.
#pragma once

#include "weir/context.hpp"
#include "weir/correlation.hpp"
#include "weir/trace.hpp"

#include <span>
#include <string_view>

namespace weir::detail {

/// What most requests' contexts do without.
struct request_extras {
  std::string_view request_id{};
  std::string_view tracestate{}; // valid
  std::span<const std::string_view> baggages{};
  context_limit limit{};
};

/// Makes the contexts of an exchange, from the observer's base down:
///
///     base ── values: request id, tracestate ── baggage ── the request's, with its log ids and deadline
///
/// of which those between the first and the last are there if the request has something to put there. The request's
/// own is made anew in the memory of its forerunner, and so is the values' where nothing stands between the two.
class request_context {
 public:
  /// The background before the first begin().
  const context& ctx() const noexcept { return current_.ctx; }

  /// Errors: throws std::bad_alloc, or std::system_error if there is no timer thread; ctx() is what it was
  /// then, or has ended.
  void begin(const context& base, const correlation& ids) { renew(current_, base, ids); }
  void begin(const context& base, const correlation& ids, const request_extras& extras);

  void cancel(cancel_reason reason) const noexcept { current_.cancel(reason); }

  /// Nothing is done under it any more but by whoever has a copy.
  void end() noexcept { retire(current_); }

 private:
  const context& renew_values(const context& base, const request_extras& extras);

  cancellable current_;
  context values_; // of the last request that had an id or a tracestate
};

} // namespace weir::detail
