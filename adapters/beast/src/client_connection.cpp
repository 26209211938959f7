#include "client_connection.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace weir::detail {

namespace asio = boost::asio;
using boost::system::error_code;

asio::awaitable<void> client_connection::begin() { co_return; }

asio::awaitable<std::size_t> client_connection::read_some(asio::mutable_buffer into, error_code& error) {
  return socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<std::size_t> client_connection::write(head_and_body parts, error_code& error) {
  return asio::async_write(socket_, parts, asio::redirect_error(asio::use_awaitable, error));
}

bool client_connection::is_open() noexcept {
  error_code error;
  char next = 0;
  socket_.non_blocking(true, error);
  if (!error) socket_.receive(asio::buffer(&next, 1), asio::ip::tcp::socket::message_peek, error);
  return error == asio::error::would_block;
}

} // namespace weir::detail
