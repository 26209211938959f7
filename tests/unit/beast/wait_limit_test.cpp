// The one timer of a connection, through waits that begin and end under limits of their own.
#include "wait_limit.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <optional>

#include <catch2/catch.hpp>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using weir::detail::at_limit;

/// A connection that nothing comes on.
class silent_connection {
 public:
  silent_connection() {
    asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    peer_.connect(acceptor.local_endpoint());
    acceptor.accept(socket);
  }

  /// Waits for what does not come; returns with what.
  boost::system::error_code read() {
    std::optional<boost::system::error_code> ended;
    socket.async_read_some(asio::buffer(room_),
                           [&](const boost::system::error_code& error, std::size_t) { ended = error; });
    io.restart();
    while (!ended) io.run_one();
    return *ended;
  }

  asio::io_context io;
  weir::detail::server_socket socket{io.get_executor()};
  weir::detail::wait_limit limit{socket};

 private:
  asio::ip::tcp::socket peer_{io};
  std::array<char, 16> room_{};
};

} // namespace

TEST_CASE("wait limit: what waits ends when its time is over, not before", "[beast][wait_limit]") {
  silent_connection silent;
  const auto begun = clock_type::now();
  silent.limit.begin(20ms, at_limit::cancel);
  CHECK(silent.read() == asio::error::operation_aborted);
  CHECK(clock_type::now() - begun >= 20ms);
  CHECK(silent.limit.has_passed());
  CHECK(silent.socket.is_open());
  CHECK(silent.limit.end());
  silent.limit.begin(1ms, at_limit::close);
  CHECK_FALSE(silent.limit.has_passed());
  CHECK(silent.read() == asio::error::operation_aborted);
  CHECK(silent.limit.end());
  CHECK_FALSE(silent.socket.is_open());
}

TEST_CASE("wait limit: a shorter one counts although the timer is set for a longer one", "[beast][wait_limit]") {
  silent_connection silent;
  silent.limit.begin(1h, at_limit::close);
  CHECK_FALSE(silent.limit.end());
  silent.limit.begin(1ms, at_limit::cancel);
  CHECK(silent.read() == asio::error::operation_aborted);
  CHECK(silent.limit.end());
}

TEST_CASE("wait limit: a longer one counts although the timer goes off for a shorter one", "[beast][wait_limit]") {
  silent_connection silent;
  silent.limit.begin(1ms, at_limit::close);
  CHECK_FALSE(silent.limit.end());
  const auto begun = clock_type::now();
  silent.limit.begin(20ms, at_limit::cancel);
  CHECK(silent.read() == asio::error::operation_aborted);
  CHECK(clock_type::now() - begun >= 20ms);
  CHECK(silent.limit.end());
  CHECK(silent.socket.is_open());
}

TEST_CASE("wait limit: one that is over ends nothing, and one that has gone is not looked at",
          "[beast][wait_limit]") {
  silent_connection silent;
  silent.limit.begin(1ms, at_limit::close);
  CHECK_FALSE(silent.limit.end());
  {
    weir::detail::wait_limit gone(silent.socket);
    gone.begin(1ms, at_limit::close);
  }
  silent.io.run(); // until both timers have gone off
  CHECK(silent.socket.is_open());
  CHECK_FALSE(silent.limit.has_passed());
}
