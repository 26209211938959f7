// Where a server's connections come from.
#pragma once

#include "weir/beast/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace weir::detail {

/// The options' listening socket, which is the acceptor's from then on, or one of its own. Errors:
/// std::invalid_argument if the options' is none that can be accepted from; std::system_error naming address and
/// port.
boost::asio::ip::tcp::acceptor listen(boost::asio::io_context& io, const server_options& options);

} // namespace weir::detail
