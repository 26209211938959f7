// The fast random source behind the ids.
#pragma once

#include <cstdint>

namespace weir::detail {

/// 64 random bits from this thread's generator; any value, zero included. Thread-safe, fork-safe.
std::uint64_t random_bits() noexcept;

} // namespace weir::detail
