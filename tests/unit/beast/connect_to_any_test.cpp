// Which of a server's addresses the client comes to be connected to.
#include "connect_to_any.hpp"

#include "client_fixture.hpp"
#include "few_descriptors.hpp"
#include "silent_address.hpp"
#include "weir/context.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include <future>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace weir_test;

namespace {

using boost::asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;

tcp::endpoint at(const char* address, std::uint16_t port = 80) {
  return {boost::asio::ip::make_address(address), port};
}

/// Somebody who listens, at 127.0.0.1.
class listening {
 public:
  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  /// How many have connected.
  int connections() {
    acceptor_.non_blocking(true);
    boost::system::error_code error;
    int number = 0;
    for (tcp::socket next(io_); acceptor_.accept(next, error), !error; next = tcp::socket(io_)) ++number;
    return number;
  }

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
};

/// One that refuses: it was free a moment ago.
tcp::endpoint deserted() { return listening().endpoint(); }

/// The address of whom it is connected to.
boost::asio::awaitable<tcp::endpoint> connected_peer(weir::context ctx, boost::asio::io_context& io,
                                                     endpoints where) {
  auto connecting = weir::detail::connect_to_any(std::move(ctx), io, std::move(where));
  const tcp::socket connected = co_await std::move(connecting);
  co_return connected.remote_endpoint();
}

tcp::endpoint connect(endpoints where, const weir::context& ctx = {}) {
  boost::asio::io_context io{1};
  auto peer = boost::asio::co_spawn(io, connected_peer(ctx, io, std::move(where)), boost::asio::use_future);
  io.run();
  return peer.get();
}

} // namespace

TEST_CASE("client: addresses of both families come in turn, beginning with the first", "[beast][client]") {
  const auto a = at("::1"), b = at("::2"), c = at("::3"), x = at("10.0.0.1"), y = at("10.0.0.2");
  CHECK(weir::detail::interleaved({a, b, x, c, y}) == endpoints{a, x, b, y, c});
  CHECK(weir::detail::interleaved({x, a, b, c}) == endpoints{x, a, b, c});
  CHECK(weir::detail::interleaved({a, b}) == endpoints{a, b});
  CHECK(weir::detail::interleaved({x}) == endpoints{x});
  CHECK(weir::detail::interleaved({}).empty());
}

TEST_CASE("client: an address that does not answer does not keep it from the next", "[beast][client]") {
  listening first, second;
  const silent_address silent;
  const tcp::endpoint refusing = deserted();
  CHECK(connect({first.endpoint(), second.endpoint()}) == first.endpoint());
  CHECK(connect({refusing, first.endpoint()}) == first.endpoint());
  CHECK(connect({silent.endpoint(), first.endpoint()}) == first.endpoint());
  CHECK(connect({silent.endpoint(), refusing, silent.endpoint(), first.endpoint()}) == first.endpoint());
  CHECK(first.connections() == 4);
  CHECK(second.connections() == 0); // as the first has answered
}

#ifndef __SANITIZE_ADDRESS__ // see few_descriptors
TEST_CASE("client: addresses that refuse do not keep a descriptor each", "[beast][client]") {
  listening last;
  endpoints where(50, deserted());
  where.push_back(last.endpoint());
  const few_descriptors some(15);
  CHECK(connect(where) == last.endpoint());
}
#endif

TEST_CASE("client: where no address answers, the last failure is told, or the end of the context",
          "[beast][client]") {
  const tcp::endpoint refusing = deserted();
  try {
    connect({refusing, at("127.0.0.3", refusing.port())});
    FAIL("it is connected");
  } catch (const boost::system::system_error& error) {
    CHECK(error.code() == boost::asio::error::connection_refused);
    CHECK_THAT(error.what(), Catch::Contains("connecting to 127.0.0.3"));
  }
  const silent_address silent;
  const auto [ctx, cancel] = weir::with_timeout({}, 20ms);
  try {
    connect({refusing, silent.endpoint(), silent.endpoint()}, ctx);
    FAIL("it is connected");
  } catch (const std::system_error& error) {
    CHECK(error.code() == weir::context_errc::deadline_exceeded);
  }
}
