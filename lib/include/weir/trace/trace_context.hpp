// The W3C trace context of one operation: parse it, make children and roots of it, write it down.
#pragma once

#include "weir/correlation.hpp"
#include "weir/trace/ids.hpp"
#include "weir/trace/static_text.hpp"
#include "weir/trace/tracestate.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

/// The eight `trace-flags`, of which the specification defines two.
struct trace_flags {
  static constexpr std::uint8_t sampled_bit = 0x01;
  static constexpr std::uint8_t random_bit = 0x02;
  /// What may be sent: a bit without a meaning has to be sent as zero.
  static constexpr std::uint8_t known_bits = sampled_bit | random_bit;

  std::uint8_t bits = 0;

  /// The caller may have recorded this trace.
  constexpr bool sampled() const noexcept { return (bits & sampled_bit) != 0; }
  /// The right-most 7 bytes of the trace id are random: a consumer may sample or shard by them.
  constexpr bool random() const noexcept { return (bits & random_bit) != 0; }
  friend bool operator==(const trace_flags&, const trace_flags&) = default;
};

/// Where an operation stands in its trace.
struct trace_context {
  trace_id trace;
  /// This operation.
  span_id span;
  /// The operation that asked for this one; zero for the first of a trace, and in what was parsed from a header.
  span_id parent;
  trace_flags flags;
  tracestate state;

  constexpr bool valid() const noexcept { return trace.valid() && span.valid(); }
  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Reads one `traceparent` value; spaces and tabs around it are ignored. Of a version above 00 the part known here is
/// taken; flags without a meaning are cleared.
/// Result: the sender's context: `span` is the sender's own, `parent` is zero, `state` is empty. nullopt for
/// everything that has to start a new trace: version ff, anything after a version 00, an id of zeros, upper case.
/// Thread-safe; allocates nothing.
/// Source: W3C Trace Context Level 2, "Traceparent Header" and "Versioning of traceparent".
std::optional<trace_context> parse_traceparent(std::string_view value) noexcept;

/// The 55 characters of a version 00 `traceparent` that names this operation as the parent of what is called next.
/// Precondition: context.valid(), otherwise the receiver will start a new trace.
/// Thread-safe; allocates nothing. Source: W3C Trace Context Level 2, "Traceparent Header".
static_text<55> to_traceparent(const trace_context& context) noexcept;

/// The context of an operation that `caller` asked for: the same trace, flags and state, a span id of its own.
/// Allocates nothing itself; the argument's copy may, so move the caller's in when it is not needed any more.
trace_context make_child(trace_context caller) noexcept;

/// The first operation of a new trace. Its trace id is random and says so in its flags.
/// `sampled`: whether this process records the trace, which the flags tell those called next.
trace_context make_root(bool sampled = true) noexcept;

/// The ids that the log stamps on records made under this context, and the flags that go with them.
constexpr correlation to_correlation(const trace_context& context) noexcept {
  return {.trace_id_high = context.trace.high,
          .trace_id_low = context.trace.low,
          .span_id = context.span.value,
          .trace_flags = context.flags.bits};
}

} // namespace weir
