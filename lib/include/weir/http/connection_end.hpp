// How a connection has ended, by what epoll says of it.
#pragma once

#include "weir/context/cancel_cause.hpp"

#include <cstdint>

namespace weir::detail {

/// client_reset for a broken connection, client_closed for one whose peer has ended it in order. `events`: with
/// EPOLLERR, EPOLLHUP or EPOLLRDHUP, of a connection that this side has not shut down. Thread-safe.
cancel_reason reason_of_end(int descriptor, std::uint32_t events) noexcept;

} // namespace weir::detail
