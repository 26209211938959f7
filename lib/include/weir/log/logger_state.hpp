// What a named logger is to the stream: its threshold, its name and where its records go.
#pragma once

#include "weir/log/level.hpp"

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace weir::detail {

/// Lives as long as its stream's core; records point to it.
struct logger_state {
  std::string name;
  std::vector<std::size_t> sinks; // positions in the core's list; fixed at creation
  std::atomic<level> threshold{level::info};
};

} // namespace weir::detail
