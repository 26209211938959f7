// One connection of the client's to a server: plain, or in TLS.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace weir::detail {

/// A plain one. What is virtual has a second implementation, in TLS, in a translation unit of its own: everything
/// that speaks HTTP is compiled once, and Asio's TLS stream is compiled only there. Thread safety: used on the
/// io_context's one thread; one read and one write may be under way at a time. Lifetime: outlives them;
/// socket().close() has them fail soon.
class client_connection {
 public:
  using head_and_body = std::array<boost::asio::const_buffer, 2>;

  /// `server`: for whose next request it may be kept.
  client_connection(boost::asio::io_context& io, std::string server) : socket_(io), server_(std::move(server)) {}
  client_connection(const client_connection&) = delete;
  client_connection& operator=(const client_connection&) = delete;
  virtual ~client_connection() = default;

  boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }
  const std::string& server() const noexcept { return server_; }

  /// To be awaited when the socket is connected. Errors: boost::system::system_error.
  virtual boost::asio::awaitable<void> begin();
  virtual boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer into,
                                                        boost::system::error_code& error);
  /// Writes all. The buffers stay until then.
  virtual boost::asio::awaitable<std::size_t> write(head_and_body parts, boost::system::error_code& error);
  /// Whether the server has neither closed it nor sent anything unasked; while nothing is under way.
  virtual bool is_open() noexcept;

 private:
  boost::asio::ip::tcp::socket socket_;
  const std::string server_;
};

/// One in TLS, which tells the server when it is closed and nothing is under way (RFC 8446 section 6.1).
/// `host`: a name, or an address, which the server's certificate has to be for if `verifies`. `begin()` fails with
/// an error of the category `weir.certificate` if it is not, or is not trusted. Errors: boost::system::system_error.
std::unique_ptr<client_connection> make_tls_connection(boost::asio::io_context& io, std::string server,
                                                       boost::asio::ssl::context& tls, std::string host,
                                                       bool verifies);

/// With the system's authorities, TLS 1.2 and later. Errors: boost::system::system_error. Cost: reads all their
/// certificates, tens of milliseconds.
std::shared_ptr<boost::asio::ssl::context> make_tls_context();

} // namespace weir::detail
