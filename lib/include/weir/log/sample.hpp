// Limits that let a share of the calls pass: by chance, or by trace.
#pragma once

#include "weir/correlation.hpp"
#include "weir/log/limit.hpp"

#include <cstdint>

namespace weir {

namespace detail {

/// A share of all 53-bit numbers, which is as many as a double can tell apart.
constexpr std::uint64_t share_of_53_bits(const char* what, double ratio) {
  if (!(ratio >= 0 && ratio <= 1)) refuse_limit(what, ratio, "from 0 to 1");
  return static_cast<std::uint64_t>(ratio * static_cast<double>(std::uint64_t{1} << 53));
}

/// Spreads the difference of two numbers over all 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast
/// splittable pseudorandom number generators", OOPSLA 2014).
constexpr std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// SplitMix64's state, of each thread its own; 0: not seeded yet.
inline constinit thread_local std::uint64_t sampling_state = 0;
std::uint64_t sampling_seed() noexcept;

inline std::uint64_t random_53_bits() noexcept {
  if (sampling_state == 0) [[unlikely]]
    sampling_state = sampling_seed();
  return mixed(sampling_state += 0x9e3779b97f4a7c15U) >> 11;
}

} // namespace detail

/// Lets each call pass with the probability `ratio`, 0 to 1. Throws std::invalid_argument naming another value; where
/// it is a constant, that does not compile. Thread-safe. Cost: some arithmetic; of a call that is held back one
/// atomic addition.
class sample {
 public:
  constexpr explicit sample(double ratio) : share_(detail::share_of_53_bits("sample's ratio", ratio)) {}

  permit pass() noexcept { return detail::random_53_bits() < share_ ? suppressed_.pass() : suppressed_.suppress(); }

  /// Held back since the last that passed.
  std::uint64_t unreported() const noexcept { return suppressed_.unreported(); }
  /// The same, and no permit will report it any more.
  std::uint64_t take_unreported() noexcept { return suppressed_.take_unreported(); }

 private:
  std::uint64_t share_;
  detail::suppressed_count suppressed_;
};

/// Lets the calls of a share `ratio` of all traces pass, 0 to 1: those of one trace (weir::current_correlation) all
/// or not at all, at every statement of every process with this ratio; a greater ratio takes the same traces and
/// more. Where there is no trace, each call passes with the probability `ratio`. Throws std::invalid_argument naming
/// another value; where it is a constant, that does not compile. Thread-safe. Cost: as of sample.
class sample_traces {
 public:
  constexpr explicit sample_traces(double ratio) : share_(detail::share_of_53_bits("sample_traces' ratio", ratio)) {}

  permit pass() noexcept { return place_of_trace() < share_ ? suppressed_.pass() : suppressed_.suppress(); }

  /// Held back since the last that passed.
  std::uint64_t unreported() const noexcept { return suppressed_.unreported(); }
  /// The same, and no permit will report it any more.
  std::uint64_t take_unreported() noexcept { return suppressed_.take_unreported(); }

 private:
  /// Of all of the id, for not every tracer makes all of its bits random.
  static std::uint64_t place_of_trace() noexcept {
    const correlation* ids = current_correlation;
    if (ids == nullptr || (ids->trace_id_high | ids->trace_id_low) == 0) return detail::random_53_bits();
    return detail::mixed(detail::mixed(ids->trace_id_high) ^ ids->trace_id_low) >> 11;
  }

  std::uint64_t share_;
  detail::suppressed_count suppressed_;
};

} // namespace weir
