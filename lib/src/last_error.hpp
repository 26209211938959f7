// errno as an error code.
#pragma once

#include <cerrno>
#include <system_error>

namespace weir::detail {

inline std::error_code last_error() noexcept { return {errno, std::system_category()}; }

} // namespace weir::detail
