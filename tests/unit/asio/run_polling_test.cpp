// An io_context run by a thread that stays awake.
#include "weir/asio/run_polling.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
namespace net = boost::asio;

TEST_CASE("run_polling: runs all there is, and returns when nothing is left", "[asio]") {
  for (const auto busy_time : {0us, 50us}) {
    net::io_context io;
    int ran = 0;
    net::steady_timer late(io, 20ms); // the thread sleeps meanwhile
    late.async_wait([&](const boost::system::error_code&) { net::post(io, [&] { ++ran; }); });
    net::post(io, [&] { net::post(io, [&] { ++ran; }); });
    CHECK(weir::run_polling(io, busy_time) == 4);
    CHECK(ran == 2);
    CHECK(io.stopped());
    CHECK(weir::run_polling(io, busy_time) == 0); // as run(): until restart()
  }
}

TEST_CASE("run_polling: it ends when it is stopped from within, whatever is queued, and begins again", "[asio]") {
  for (const auto busy_time : {-1us, 1us, 10'000us}) {
    net::io_context io;
    auto work = net::make_work_guard(io);
    int ran = 0;
    net::post(io, [&] { io.stop(); });
    net::post(io, [&] { ++ran; });
    CHECK(weir::run_polling(io, busy_time) == 1);
    CHECK(ran == 0);
    io.restart();
    net::steady_timer late(io, 5ms);
    late.async_wait([&](const boost::system::error_code&) { work.reset(); });
    CHECK(weir::run_polling(io, busy_time) == 2);
    CHECK(ran == 1);
  }
}

TEST_CASE("run_polling: the thread stays awake for as long as it is told to", "[asio]") {
  static constexpr int pauses = 20;
  // How often it has given up its processor by itself.
  const auto sleeps = [](std::chrono::nanoseconds busy_time) {
    net::io_context io;
    net::steady_timer pause(io);
    int left = pauses;
    std::function<void()> begin = [&] {
      pause.expires_after(2ms);
      pause.async_wait([&](const boost::system::error_code&) {
        if (--left != 0) begin();
      });
    };
    begin();
    rusage before{}, after{};
    REQUIRE(::getrusage(RUSAGE_THREAD, &before) == 0);
    CHECK(weir::run_polling(io, busy_time) == pauses);
    REQUIRE(::getrusage(RUSAGE_THREAD, &after) == 0);
    return after.ru_nvcsw - before.ru_nvcsw;
  };
  CHECK(sleeps(0ns) >= pauses);
  CHECK(sleeps(1us) >= pauses);
  CHECK(sleeps(1h) < pauses);
}

TEST_CASE("run_polling: what a handler throws comes out, and it can go on", "[asio]") {
  SECTION("after a sleep") {
    net::io_context io;
    net::steady_timer late(io, 5ms);
    late.async_wait([&](const boost::system::error_code&) { throw std::runtime_error("on purpose"); });
    CHECK_THROWS_AS(weir::run_polling(io, 1us), std::runtime_error);
    CHECK(weir::run_polling(io, 1us) == 0);
  }
  net::io_context io;
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    net::post(io, [&] {
      ++ran;
      throw std::runtime_error("on purpose");
    });
  }
  for (int i = 0; i < 3; ++i) CHECK_THROWS_AS(weir::run_polling(io, 1ms), std::runtime_error);
  CHECK(weir::run_polling(io, 1ms) == 0);
  CHECK(ran == 3);
}

TEST_CASE("run_polling: others wake it, awake or asleep, and stop it", "[asio][concurrent]") {
  for (const auto busy_time : {std::chrono::nanoseconds(1), std::chrono::nanoseconds::max()}) {
    net::io_context io;
    const auto work = net::make_work_guard(io);
    std::atomic<int> ran{0};
    std::jthread first([&] { weir::run_polling(io, busy_time); }), second([&] { weir::run_polling(io, busy_time); });
    for (int i = 1; i <= 100; ++i) {
      net::post(io, [&] {
        ran.fetch_add(1, std::memory_order_relaxed); // relaxed: counted to the end below
      });
      if (i % 10 == 0) std::this_thread::sleep_for(1ms);
    }
    while (ran.load(std::memory_order_relaxed) != 100) std::this_thread::yield(); // relaxed: as above
    io.stop();
  }
}
