#include "log/write_all.hpp"

#include "last_error.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace weir::detail {

std::size_t write_all(int descriptor, std::string_view bytes, std::error_code& error) noexcept {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, -1) < 0 && errno != EINTR) {
        error = last_error();
        return done;
      }
    } else if (n == 0 || errno != EINTR) {
      error = n == 0 ? std::make_error_code(std::errc::io_error) : last_error();
      return done;
    }
  }
  return done;
}

} // namespace weir::detail
