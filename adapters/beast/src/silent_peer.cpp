#include "weir/beast/silent_peer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace weir {

namespace {

void set(int descriptor, int level, int option, int value, const char* name) {
  if (::setsockopt(descriptor, level, option, &value, sizeof value) != 0)
    throw std::system_error(errno, std::system_category(), std::string("limit_silence: ") + name);
}

} // namespace

void limit_silence(int descriptor, std::chrono::milliseconds limit) {
  using std::chrono::seconds;
  if (limit < std::chrono::milliseconds(100) || limit > std::chrono::hours(1))
    throw std::invalid_argument("limit_silence: " + std::to_string(limit.count()) +
                                " ms: it must be from 100 ms to 1 h");
  // With it, how many probes go unanswered does not matter: only for how long.
  set(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(limit.count()), "TCP_USER_TIMEOUT");
  const auto share = [&](int of) {
    return static_cast<int>(std::max(std::chrono::floor<seconds>(limit / of), seconds(1)).count());
  };
  set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, share(2), "TCP_KEEPIDLE");
  set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, share(4), "TCP_KEEPINTVL");
  set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE");
}

} // namespace weir
