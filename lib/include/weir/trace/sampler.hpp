// Which traces are recorded: all, none, a share that all services agree on, or those that the caller records.
#pragma once

#include "weir/trace/trace_context.hpp"

#include <cstdint>
#include <optional>

namespace weir {

/// Decides whether an operation is recorded, that is, the sampled flag under which it runs and which it hands on.
/// Thread safety: a value; nothing in it changes. Cost: a comparison.
/// Source: OpenTelemetry, "TraceState: Probability Sampling" and "Trace SDK, Built-in samplers".
class sampler {
 public:
  /// What the caller has decided; always, where nobody has.
  constexpr sampler() noexcept : sampler(0, true) {}

  static constexpr sampler always() noexcept { return {0, false}; }
  static constexpr sampler never() noexcept { return {randomness_end, false}; }
  /// That share of all traces, 0 to 1, whatever the caller has decided: those whose randomness is at or above a
  /// threshold, so that any two services with the same ratio take the same traces, and one with a greater ratio takes
  /// the same and more. Exact to 2^-56. A threshold of another's in the tracestate (`th`) is handed on as it came.
  /// Errors: throws std::invalid_argument naming another value.
  static sampler ratio(double share);
  /// What the caller has decided; where there is no caller, or it leaves the decision to others, what `root` says.
  static constexpr sampler parent_based(sampler root) noexcept { return {root.threshold_, true}; }

  /// `randomness`: 56 bits, see sampling_randomness(). `callers_decision`: nullopt if there is none.
  constexpr bool sample(std::uint64_t randomness,
                        std::optional<bool> callers_decision = std::nullopt) const noexcept {
    if (follows_caller_ && callers_decision) return *callers_decision;
    return randomness >= threshold_;
  }

  friend bool operator==(const sampler&, const sampler&) = default;

 private:
  static constexpr std::uint64_t randomness_end = std::uint64_t{1} << 56;

  constexpr sampler(std::uint64_t threshold, bool follows_caller) noexcept
      : threshold_(threshold), follows_caller_(follows_caller) {}

  std::uint64_t threshold_; // below it, a trace is not recorded; 0 to 2^56
  bool follows_caller_;
};

/// The 56 bits by which a trace is sampled: the right-most of its id, or what `rv` in the tracestate's member `ot`
/// says, with which a tracer whose ids are not random makes up for it. Thread-safe; allocates nothing.
/// Source: OpenTelemetry, "TraceState: Probability Sampling", explicit randomness value.
std::uint64_t sampling_randomness(const trace_context& context) noexcept;

} // namespace weir
