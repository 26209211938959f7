// Percentiles of samples from a clock that advances in steps.
#pragma once

#include <cstdint>
#include <span>

namespace bench {

/// The largest number of ticks of which all samples are multiples: the step in which the clock advances (1 for most
/// clocks, but 26 ticks, which are 10 ns, on some processors).
std::uint64_t clock_step(std::span<const std::uint64_t> samples) noexcept;

/// The value that `share` of the samples are below, with each sample standing for the whole interval of one clock
/// step around it (the percentile of grouped data). The calls begin at random places within a step, so a call's true
/// time shows in how the samples divide among neighbouring steps; the error of the median is then about a tenth of a
/// step. `sorted`: not empty, ascending; `share`: 0 to 1; result: ticks.
double grouped_percentile(std::span<const std::uint64_t> sorted, double share, std::uint64_t step) noexcept;

} // namespace bench
