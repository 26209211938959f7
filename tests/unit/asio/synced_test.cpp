// Awaiting that records are on the disk.
#include "weir/asio/synced.hpp"

#include "weir/context.hpp"
#include "weir/log.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <catch2/catch.hpp>

#include "../log/slow_disk.hpp"
#include "run_coroutine.hpp"

using namespace std::chrono_literals;
using weir::context_errc;
using weir::flush_result;
using weir_test::run_coroutine;
namespace net = boost::asio;

namespace {

struct disk_stream {
  std::shared_ptr<slow_disk> disk = std::make_shared<slow_disk>();
  weir::log_stream stream{{.sinks = {disk}}};
  weir::logger& log = stream.get_logger("l");
};

} // namespace

TEST_CASE("asio: awaiting a sync resumes on the awaiting executor when the record is on the disk",
          "[asio][concurrent]") {
  net::io_context io;
  disk_stream test;
  std::thread::id where;
  std::size_t durable = 0;
  flush_result result;
  run_coroutine(io, [&]() -> net::awaitable<void> {
    const weir::log_mark before = test.stream.mark();
    WEIR_INFO(test.log, "x");
    result = co_await weir::synced(weir::background(), test.stream, before);
    durable = test.disk->durable();
    where = std::this_thread::get_id();
  }());
  CHECK(result.complete);
  CHECK(result.written == 1);
  CHECK(durable == 1);
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("asio: a sync that fails says so to whoever awaits it", "[asio][concurrent]") {
  net::io_context io;
  disk_stream test;
  test.disk->fail_syncs(std::make_error_code(std::errc::io_error));
  flush_result result;
  run_coroutine(io, [&]() -> net::awaitable<void> {
    WEIR_INFO(test.log, "x");
    result = co_await weir::synced(weir::background(), test.stream);
  }());
  CHECK_FALSE(result.complete);
  CHECK(result.error == std::errc::io_error);
}

TEST_CASE("asio: awaiting a sync of a closed stream completes, but not within the call", "[asio]") {
  net::io_context io;
  disk_stream test;
  test.stream.close(1min);
  std::optional<flush_result> result;
  weir::async_synced(weir::background(), test.stream, {},
                     net::bind_executor(io, [&](const flush_result& r) { result = r; }));
  CHECK_FALSE(result);
  io.run();
  REQUIRE(result);
  CHECK(result->error == std::errc::operation_canceled);
}

TEST_CASE("asio: awaiting a sync ends with the context while the disk hangs", "[asio][concurrent]") {
  net::io_context io;
  disk_stream test;
  test.disk->hold();
  flush_result timed, canceled;
  run_coroutine(io, [&]() -> net::awaitable<void> {
    WEIR_INFO(test.log, "x");
    auto [soon, cancel_soon] = weir::with_timeout(weir::background(), 1ms);
    timed = co_await weir::synced(soon, test.stream);
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    const auto executor = co_await net::this_coro::executor;
    net::post(executor, [function = cancel.share()] { function(); });
    canceled = co_await weir::synced(ctx, test.stream);
  }());
  CHECK_FALSE(timed.complete);
  CHECK(timed.error == context_errc::deadline_exceeded);
  CHECK_FALSE(canceled.complete);
  CHECK(canceled.error == context_errc::canceled);
  test.disk->release();
  CHECK(test.stream.sync(1min));
}

TEST_CASE("asio: awaiting a sync can be cancelled through its own slot", "[asio][concurrent]") {
  net::io_context io;
  net::cancellation_signal signal;
  disk_stream test;
  test.disk->hold();
  WEIR_INFO(test.log, "x");
  flush_result result;
  weir::async_synced(
      weir::background(), test.stream, {},
      net::bind_executor(io, net::bind_cancellation_slot(signal.slot(), [&](const flush_result& r) { result = r; })));
  net::post(io, [&] { signal.emit(net::cancellation_type::total); });
  io.run();
  CHECK_FALSE(result.complete);
  CHECK(result.error == std::errc::operation_canceled);
  test.disk->release();
}

TEST_CASE("asio: a sync may end while the io_context of who awaits it is destroyed", "[asio][concurrent]") {
  disk_stream test;
  for (int round = 0; round < 200; ++round) {
    auto io = std::make_unique<net::io_context>();
    WEIR_INFO(test.log, "{}", round);
    weir::async_synced(weir::background(), test.stream, {}, net::bind_executor(*io, [](const flush_result&) {}));
    io.reset();
  }
  CHECK(test.stream.sync(1min).written == 200);
}

TEST_CASE("asio: coroutines on one thread share syncs", "[asio][concurrent]") {
  net::io_context io;
  disk_stream test;
  constexpr int writers = 32, rounds = 10;
  int right = 0;
  for (int w = 0; w < writers; ++w)
    net::co_spawn(
        io,
        [](disk_stream& target, int& count) -> net::awaitable<void> {
          for (int i = 0; i < rounds; ++i) {
            const weir::log_mark before = target.stream.mark();
            WEIR_INFO(target.log, "{}", i);
            const flush_result result = co_await weir::synced(weir::background(), target.stream, before);
            if (result.complete && result.written >= 1) ++count;
          }
        }(test, right),
        net::detached);
  io.run();
  CHECK(right == writers * rounds);
  CHECK(test.disk->durable() == writers * rounds);
  CHECK(test.disk->syncs() < writers * rounds);
}
