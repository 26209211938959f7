// A connection to a server that has several addresses.
#pragma once

#include "weir/context/context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <vector>

namespace weir::detail {

/// The addresses of one family and of the other in turn, beginning with the first one's (RFC 8305 section 4).
std::vector<boost::asio::ip::tcp::endpoint> interleaved(std::vector<boost::asio::ip::tcp::endpoint> found);

/// To the first of them that answers (RFC 8305 section 5): each is tried when the one before has failed, or has not
/// answered for a quarter of a second, and none is given up before one of them has answered. `where`: one at least,
/// in the order in which they are tried. To be awaited on `io`, which has one thread.
/// Errors: boost::system::system_error of the last that failed, if all have; std::system_error when the context ends.
boost::asio::awaitable<boost::asio::ip::tcp::socket>
connect_to_any(context ctx, boost::asio::io_context& io, std::vector<boost::asio::ip::tcp::endpoint> where);

} // namespace weir::detail
