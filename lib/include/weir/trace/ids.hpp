// The ids of W3C trace context: 128 bits for a trace, 64 for a span, and where new ones come from.
#pragma once

#include "weir/trace/static_text.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

/// Names a whole trace. The two halves are in the order in which the hexadecimal text is read; all zero means none.
struct trace_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  constexpr bool valid() const noexcept { return (high | low) != 0; }
  friend bool operator==(const trace_id&, const trace_id&) = default;
};

/// Names one operation of a trace; zero means none. The specification's `parent-id` is the caller's span id.
struct span_id {
  std::uint64_t value = 0;

  constexpr bool valid() const noexcept { return value != 0; }
  friend bool operator==(const span_id&, const span_id&) = default;
};

/// The id in lower-case hexadecimal, as headers and logs carry it. Thread-safe; allocates nothing.
static_text<32> to_hex(trace_id id) noexcept;
static_text<16> to_hex(span_id id) noexcept;

/// Reads an id back from exactly 32 (16) lower-case hexadecimal digits.
/// Result: nullopt for any other text, upper case and all zero included. Thread-safe; allocates nothing.
/// Source: W3C Trace Context Level 2, "traceparent Header Field Values".
std::optional<trace_id> parse_trace_id(std::string_view text) noexcept;
std::optional<span_id> parse_span_id(std::string_view text) noexcept;

/// A new id, never zero, every bit of it random.
/// Thread-safe: each thread has its own generator (xoshiro256++), seeded by the kernel when the thread first asks and
/// again in a child process after fork(), so that parent and child never hand out the same ids.
/// The ids are unique, not secret: whoever has seen several may compute the next.
/// Cost: a few nanoseconds; the first call of a thread makes one system call.
/// Source: W3C Trace Context Level 2, "Considerations for trace-id field generation".
trace_id random_trace_id() noexcept;
span_id random_span_id() noexcept;

} // namespace weir
