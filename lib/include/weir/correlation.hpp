// Which request the current thread is working for: the ids that the log stamps on each of its records.
#pragma once

#include <cstdint>

namespace weir {

class carried_fields;
namespace detail {
struct flight_tape;
}

/// The W3C trace context of the work in hand: ids as numbers in the order in which their hexadecimal text is read. A
/// trace id of zero means that there is none.
struct correlation {
  std::uint64_t trace_id_high = 0;
  std::uint64_t trace_id_low = 0;
  std::uint64_t span_id = 0;
  /// Further fields for each record, or null; see with_fields(). Not owned: who makes the ids known keeps them alive.
  const carried_fields* fields = nullptr;
  /// Where records below the level are kept, or null, and for which recording; see recording::attach().
  detail::flight_tape* tape = nullptr;
  std::uint64_t recording_round = 0;
  /// W3C's trace-flags: bit 0, whether the trace is recorded; bit 1, whether its id is random.
  std::uint8_t trace_flags = 0;

  friend bool operator==(const correlation&, const correlation&) = default;
};

/// The ids of this thread's current work, or nullptr. Set by the scope that makes a context current (context_scope),
/// read by every log call; this pointer is all that the two have in common.
/// Thread safety: each thread has its own. Lifetime: whoever sets it keeps the pointee alive until it is reset.
inline constinit thread_local const correlation* current_correlation = nullptr;

} // namespace weir
