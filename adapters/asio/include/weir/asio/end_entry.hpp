// The completion of a coroutine that is a task of a group.
#pragma once

#include "weir/asio/code_of.hpp"
#include "weir/context/group_entry.hpp"

#include <exception>
#include <system_error>
#include <utility>

namespace weir::detail {

/// Tells the group how the coroutine ended.
inline void end_entry(group_entry& entry, std::exception_ptr error) noexcept {
  const std::error_code code = code_of(error);
  entry.end(std::move(error), code);
}

} // namespace weir::detail
