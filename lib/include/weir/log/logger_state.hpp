// What a named logger is to the stream: its name, where its records go, and when they may be dropped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {
enum class overflow_policy : std::uint8_t;
}

namespace weir::detail {

/// An overflow_rule in one word, so that a change is seen whole.
struct overflow_word {
  std::uint32_t limit_ms;
  overflow_policy policy;
};

/// Lives as long as its stream's core; records point to it.
struct logger_state {
  std::string name;
  std::vector<std::size_t> sinks;        // positions in the core's list; fixed at creation
  std::atomic<overflow_word> overflow{}; // read when memory is full only
};

} // namespace weir::detail
