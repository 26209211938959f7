// What a named logger is to the stream: its name and where its records go.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace weir::detail {

/// Lives as long as its stream's core; records point to it.
struct logger_state {
  std::string name;
  std::vector<std::size_t> sinks; // positions in the core's list; fixed at creation
};

} // namespace weir::detail
