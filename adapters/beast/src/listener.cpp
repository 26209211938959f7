#include "listener.hpp"

#include <boost/asio/ip/address.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace weir::detail {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

void reuse_port(int descriptor, boost::system::error_code& error) noexcept {
  const int on = 1;
  if (::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    error.assign(errno, boost::system::system_category());
}

/// -1 if it has no such option, as it is no socket.
int option_of(int descriptor, int name) noexcept {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

tcp::acceptor take_over(asio::io_context& io, const server_options& options) {
  const auto refuse = [&](const char* what) {
    throw std::invalid_argument(fmt::format(
        "server_options.listen_fd is {}: it must be a listening TCP socket of IPv4 or IPv6, or -1, and {}",
        options.listen_fd, what));
  };
  if (options.reuse_port) refuse("reuse_port is set, which has to be done before a socket is bound");
  const int family = option_of(options.listen_fd, SO_DOMAIN);
  if (family == -1) refuse("is no socket");
  if (family == AF_UNIX) refuse("is a Unix domain socket");
  if (family != AF_INET && family != AF_INET6) refuse("is of another family");
  if (option_of(options.listen_fd, SO_TYPE) != SOCK_STREAM) refuse("is of another type");
  if (option_of(options.listen_fd, SO_ACCEPTCONN) != 1) refuse("does not listen");
  tcp::acceptor acceptor(io);
  boost::system::error_code error;
  acceptor.assign(family == AF_INET ? tcp::v4() : tcp::v6(), options.listen_fd, error);
  if (error) throw std::system_error(error, fmt::format("cannot listen on descriptor {}", options.listen_fd));
  return acceptor;
}

} // namespace

tcp::acceptor listen(asio::io_context& io, const server_options& options) {
  if (options.listen_fd != -1) return take_over(io, options);
  const tcp::endpoint endpoint(asio::ip::make_address(options.address), options.port);
  tcp::acceptor acceptor(io);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && options.reuse_port) reuse_port(acceptor.native_handle(), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::system_error(error, fmt::format("cannot listen on {} port {}", options.address, options.port));
  return acceptor;
}

} // namespace weir::detail
