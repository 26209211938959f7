// The completion of a coroutine that is a task of a group.
#pragma once

#include "weir/context/group_entry.hpp"
#include "weir/context/task_failure.hpp"

#include <boost/system/system_error.hpp>

#include <exception>
#include <system_error>
#include <utility>

namespace weir::detail {

/// error_code_of() for Boost's exceptions, too: Boost 1.81's system_error is not the standard library's.
inline std::error_code code_of(const std::exception_ptr& error) noexcept {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const boost::system::system_error& thrown) {
    return thrown.code();
  } catch (...) {
    return error_code_of(error);
  }
  return {};
}

/// Tells the group how the coroutine ended.
inline void end_entry(group_entry& entry, std::exception_ptr error) noexcept {
  const std::error_code code = code_of(error);
  entry.end(std::move(error), code);
}

} // namespace weir::detail
