// B3, the trace context of Zipkin and of meshes that grew up with it, read from requests; what is sent on is W3C.
#pragma once

#include "weir/trace/trace_context.hpp"

#include <optional>
#include <string_view>

namespace weir {

/// The values of a request's B3 headers, names compared without case: of a header that came several times the first,
/// of one that did not come an empty text.
struct b3_headers {
  std::string_view single{};         ///< `b3`
  std::string_view trace_id{};       ///< `X-B3-TraceId`
  std::string_view span_id{};        ///< `X-B3-SpanId`
  std::string_view parent_span_id{}; ///< `X-B3-ParentSpanId`
  std::string_view sampled{};        ///< `X-B3-Sampled`
  std::string_view flags{};          ///< `X-B3-Flags`

  constexpr bool empty() const noexcept {
    return (single.size() | trace_id.size() | span_id.size() | parent_span_id.size() | sampled.size() |
            flags.size()) == 0;
  }
};

/// What B3 headers say about the caller.
struct b3_caller {
  /// `span` is the caller's own, `parent` that of its caller or zero; not valid() if only a decision was sent. The
  /// flags have `sampled` as decided and no `random`, which B3 does not tell. A trace id of 64 bits has zeros in
  /// front.
  trace_context context;
  /// Whether the caller wants the trace recorded; nullopt if it leaves that to others.
  std::optional<bool> sampled;
  /// The trace is to be recorded in any case; `sampled` is true then.
  bool debug = false;

  friend bool operator==(const b3_caller&, const b3_caller&) = default;
};

/// Reads one `b3` value, `{trace}-{span}-{state}-{parent}`, of which the last two may be missing, or `{state}` alone;
/// the state is 0, 1 or d. Spaces and tabs around it are ignored. Digits are lower case; a parent of zeros is none.
/// Result: nullopt for any other text, ids of zeros included. Thread-safe; allocates nothing.
/// Source: openzipkin/b3-propagation, "Single Header".
std::optional<b3_caller> parse_b3_single(std::string_view value) noexcept;

/// Reads a request's B3 headers: `b3` if it can be read, otherwise the `X-B3-` ones. Of these a trace id wants a span
/// id, both may be missing, `Sampled` is 0 or 1, false or true in any case, or d, which some tracers take for 1;
/// `Flags` is 0, or 1 for debug. Anything else in one of them makes all of them worth nothing.
/// Result: nullopt if there are none that can be read. Thread-safe; allocates nothing.
/// Source: openzipkin/b3-propagation, "Http Encodings".
std::optional<b3_caller> parse_b3(const b3_headers& headers) noexcept;

} // namespace weir
