#include "weir/http/connection_end.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace weir::detail {

cancel_reason reason_of_end(int descriptor, std::uint32_t events) noexcept {
  if ((events & EPOLLERR) != 0) return cancel_reason::client_reset;
  // The error is told once: who reads or writes at the same time may have got it. What tells a broken connection then
  // is that TCP has closed it, which the peer's end alone does not do.
  tcp_info told{};
  socklen_t size = sizeof told;
  const bool is_broken = (events & EPOLLHUP) != 0 &&
                         ::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &told, &size) == 0 &&
                         told.tcpi_state == TCP_CLOSE;
  return is_broken ? cancel_reason::client_reset : cancel_reason::client_closed;
}

} // namespace weir::detail
