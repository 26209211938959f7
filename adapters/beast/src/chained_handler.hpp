// What behind() makes of a handler, told from handlers that are nothing but themselves.
#pragma once

#include "weir/beast/router.hpp"

namespace weir::detail {

/// Whether it has middleware around it, which runs before the body is read, and sees to it itself that it is.
bool receives_by_itself(const http_handler& handler) noexcept;

} // namespace weir::detail
