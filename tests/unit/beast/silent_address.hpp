// An address at which connections are neither accepted nor refused.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>

namespace weir_test {

/// 127.0.0.2: somebody listens there, has no room for more, and Linux then drops what would be a connection.
class silent_address {
 public:
  explicit silent_address(std::uint16_t port = 0) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({boost::asio::ip::make_address("127.0.0.2"), port});
    acceptor_.listen(0);
    only_.connect(acceptor_.local_endpoint());
  }
  boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  using tcp = boost::asio::ip::tcp;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_};
  tcp::socket only_{io_};
};

} // namespace weir_test
