// The fast random source behind the ids.
#pragma once

#include <cstdint>
#include <span>

namespace weir::detail {

/// Fills `words` from this thread's generator; any value, zero included. Thread-safe, fork-safe. Cost: several words
/// at once are cheaper than one by one.
void fill_random(std::span<std::uint64_t> words) noexcept;

} // namespace weir::detail
