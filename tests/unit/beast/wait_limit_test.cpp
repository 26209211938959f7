// The one timer of a connection, through waits that begin and end under limits of their own.
#include "wait_limit.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using weir::detail::at_limit;

/// A connection that nothing comes on, and of which nothing is taken but by take().
class silent_connection {
 public:
  silent_connection() {
    asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    peer_.open(asio::ip::tcp::v4());
    peer_.set_option(asio::socket_base::receive_buffer_size(16 * 1024)); // so that its end is soon reached
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

  /// Writes until there is no more room, nor comes any as the peer's kernel acknowledges what it has.
  void fill() {
    socket.non_blocking(true);
    socket.set_option(asio::socket_base::send_buffer_size(128 * 1024)); // which does not grow then
    pollfd room{.fd = socket.native_handle(), .events = POLLOUT, .revents = 0};
    // Also where there is less than it takes for the kernel to say so.
    for (std::size_t written = 1; written != 0; ::poll(&room, 1, 100)) {
      written = 0;
      boost::system::error_code error;
      while (!error) written += socket.write_some(asio::buffer(part_), error);
    }
  }
  /// Waits for room for more, as read() for something to come.
  boost::system::error_code wait_for_room() {
    std::optional<boost::system::error_code> ended;
    socket.async_wait(asio::socket_base::wait_write, [&](const boost::system::error_code& error) { ended = error; });
    io.restart();
    while (!ended) io.run_one();
    return *ended;
  }
  /// The peer takes something in, and has said so when this returns.
  void take() {
    const int before = not_taken();
    while (not_taken() >= before) asio::read(peer_, asio::buffer(part_, 4096));
  }

  asio::io_context io;
  weir::detail::server_socket socket{io.get_executor()};
  weir::detail::wait_limit limit{socket};

 private:
  int not_taken() {
    int bytes = 0;
    ::ioctl(socket.native_handle(), SIOCOUTQ, &bytes);
    return bytes;
  }

  asio::ip::tcp::socket peer_{io};
  std::vector<char> part_ = std::vector<char>(64 * 1024);
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

// The kernel finds room for a write when a third of its buffer is empty: who took less in that time was cut off.
TEST_CASE("wait limit: that of a write begins anew for a peer that takes something", "[beast][wait_limit]") {
  silent_connection slow;
  slow.fill();
  slow.limit.begin_write(80ms);
  clock_type::time_point taken;
  asio::steady_timer later(slow.io, 60ms); // it has been looked at by then
  later.async_wait([&](const boost::system::error_code&) {
    slow.take();
    taken = clock_type::now();
  });
  CHECK(slow.wait_for_room() == asio::error::operation_aborted);
  CHECK(clock_type::now() - taken >= 80ms);
  CHECK(slow.limit.end());
  CHECK_FALSE(slow.socket.is_open());
}

TEST_CASE("wait limit: that of a write passes for a peer that has taken nothing since it began",
          "[beast][wait_limit]") {
  silent_connection silent;
  silent.fill();
  silent.limit.begin_write(20ms);
  silent.limit.begin(1h, at_limit::cancel); // another's, which does not look at that
  silent.take();
  silent.fill();
  silent.limit.begin_write(1ms);
  CHECK(silent.wait_for_room() == asio::error::operation_aborted);
  CHECK(silent.limit.has_passed());
  CHECK_FALSE(silent.socket.is_open());
  silent.limit.begin_write(1ms); // of what cannot be asked any more
  silent.io.restart();
  silent.io.run();
  CHECK(silent.limit.has_passed());
}
