#include "weir/log/limit.hpp"

#include "weir/log/clock.hpp"
#include "weir/log/sample.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>

namespace weir::detail {

void refuse_limit(std::string_view what, double given, std::string_view range) {
  throw std::invalid_argument(fmt::format("{} is {}: it must be {}", what, given, range));
}

std::uint64_t sampling_seed() noexcept {
  static std::atomic<std::uint64_t> threads{0};
  // relaxed: only its being different matters.
  const std::uint64_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return mixed(record_clock_now() ^ mixed(number + 1)) | 1; // not 0, which asks for a seed
}

} // namespace weir::detail
