// What happens when there is no chunk for a record: the overflow policies.
#pragma once

#include "log/losses.hpp"
#include "log/stream_core.hpp"
#include "weir/log/chunk.hpp"
#include "weir/log/logger_state.hpp"

#include <cstddef>

namespace weir::detail {

struct room {
  chunk* fresh;    // or nullptr
  drop_reason why; // then
};

/// A chunk with room for `size` bytes, got by what the logger's policy allows; the pool has just had none. Parameters
/// as of chunk_pool::try_acquire(). May block if the policy says so, but not on the backend's own thread.
room make_room(stream_core& core, const logger_state& logger, std::size_t size, bool exact) noexcept;

} // namespace weir::detail
