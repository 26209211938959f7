// Flushes, on demand, by level and by time, and what they say of the records that did not get through.
#include "weir/log/flush_result.hpp"

#include "captured_stream.hpp"
#include "redirected.hpp"
#include "slow_disk.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using weir::flush_result;
using weir::log_stream;

namespace {

/// A test's wait for what the backend does of itself.
template <class Condition>
void wait_for(Condition holds) {
  while (!holds()) std::this_thread::yield();
}

} // namespace

TEST_CASE("flush: it says how many records got through since the mark", "[log][flush]") {
  captured_stream test;
  test.log().info("before");
  const flush_result first = test.stream().flush(1min);
  CHECK(first.complete);
  CHECK(first.written == 1);
  const weir::log_mark mark = test.stream().mark();
  for (int i = 0; i < 10; ++i) WEIR_INFO(test.log(), "{}", i);
  const flush_result result = test.stream().flush(1min, mark);
  CHECK(result);
  CHECK(result.written == 10);
  CHECK(result.lost == 0);
  CHECK(result.pending_bytes == 0);
  CHECK_FALSE(result.error);
}

TEST_CASE("flush: what sinks lost since the mark is counted, with their error", "[log][flush]") {
  captured_stream test;
  test.log().info("x");
  test.stream().flush(1min);
  const weir::log_mark mark = test.stream().mark();
  test.sink().lose_last(1);
  test.log().info("lost");
  const flush_result result = test.stream().flush(1min, mark);
  CHECK(result.complete); // nothing waits any more
  CHECK(result.written == 0);
  CHECK(result.lost == 1);
  CHECK(result.error == std::errc::no_space_on_device);
  CHECK(test.stream().flush(1min, test.stream().mark()).lost == 0);
}

TEST_CASE("flush: records that were dropped before they came to a sink have an error, too", "[log][flush]") {
  captured_stream test({.overflow = weir::overflow_policy::drop_newest,
                        .memory_limit_bytes = 16 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 1024});
  test.sink().block();
  for (int i = 0; i < 1000; ++i) WEIR_INFO(test.log(), "some text that takes room {}", i);
  test.sink().unblock();
  const flush_result result = test.stream().flush(1min);
  CHECK(result.complete);
  CHECK(result.lost > 0);
  CHECK(result.written + result.lost == 1000);
  CHECK(result.error == std::errc::no_buffer_space);
}

TEST_CASE("flush: when its limit passes it says so, and what is still queued", "[log][flush]") {
  captured_stream test;
  test.sink().block();
  test.log().info("stuck");
  test.sink().wait_until_blocked();
  // The backend does not look meanwhile, and what it has not seen counts all the same.
  constexpr std::uint64_t more = 20'000;
  for (std::uint64_t i = 0; i < more; ++i) WEIR_INFO(test.log(), "{}", i);
  const flush_result result = test.stream().flush(1ms);
  CHECK_FALSE(result);
  CHECK(result.error == std::errc::timed_out);
  CHECK(result.pending_bytes > more * 32 - 128 * 1024);
  CHECK(result.pending_bytes < more * 64);
  CHECK(result.written == 0);
  test.sink().unblock();
  CHECK(test.stream().flush(1min).written == 1 + more);
}

TEST_CASE("flush: a sink that cannot flush makes it incomplete", "[log][flush]") {
  const auto disk = std::make_shared<slow_disk>();
  log_stream stream({.sinks = {disk}});
  stream.get_logger("l").info("x");
  disk->throw_from_flush(true);
  const flush_result result = stream.flush(1min);
  CHECK_FALSE(result.complete);
  CHECK(result.error == std::errc::broken_pipe);
  CHECK(result.written == 1);
  disk->throw_from_flush(false);
  CHECK(stream.flush(1min));
}

TEST_CASE("flush: after close() it says that the stream is closed", "[log][flush]") {
  captured_stream test;
  test.stream().close(1min);
  const flush_result result = test.stream().flush(1min);
  CHECK_FALSE(result);
  CHECK(result.error == std::errc::operation_canceled);
}

TEST_CASE("flush: from a sink it is refused as a deadlock", "[log][flush]") {
  class reentrant final : public weir::sink {
   public:
    reentrant() : sink("reentrant") {}
    void append(const weir::record&) override { inside = {stream->flush(1h), stream->sync(1h), stream->close(1h)}; }
    weir::commit_result commit() override { return {}; }
    log_stream* stream = nullptr;
    std::vector<flush_result> inside;
  };
  const auto sink = std::make_shared<reentrant>();
  log_stream stream({.sinks = {sink}});
  sink->stream = &stream;
  stream.get_logger("l").info("x");
  REQUIRE(stream.close(1min));
  REQUIRE(sink->inside.size() == 3);
  for (const auto& result : sink->inside) {
    CHECK_FALSE(result.complete);
    CHECK(result.error == std::errc::resource_deadlock_would_occur);
  }
}

TEST_CASE("close: it says what was written and lost in the stream's life", "[log][flush]") {
  captured_stream test;
  for (int i = 0; i < 100; ++i) WEIR_INFO(test.log(), "{}", i);
  test.stream().flush(1min);
  test.sink().refuse("lost");
  test.log().info("lost");
  const flush_result result = test.stream().close(1min);
  CHECK(result.complete);
  CHECK(result.written == 100);
  CHECK(result.lost == 1);
}

// It used to give their number without an error.
TEST_CASE("close: what the records were lost to is told", "[log][flush]") {
  captured_stream test({.overflow = weir::overflow_policy::drop_newest,
                        .memory_limit_bytes = 16 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 1024});
  std::errc expected{};
  SECTION("nothing") { test.log().info("x"); }
  SECTION("to a sink, with its error") {
    test.sink().lose_last(1);
    test.log().info("lost");
    test.stream().flush(1min); // the last batch need not be the one
    test.sink().lose_last(0);
    test.log().info("x");
    expected = std::errc::no_space_on_device;
  }
  SECTION("to a sink that throws") {
    test.sink().refuse("lost");
    test.log().info("lost");
    expected = std::errc::io_error;
  }
  SECTION("before they came to a sink") {
    test.sink().block();
    for (int i = 0; i < 1000; ++i) WEIR_INFO(test.log(), "some text that takes room {}", i);
    test.sink().unblock();
    expected = std::errc::no_buffer_space;
  }
  for (int i = 0; i < 2; ++i) { // the second time, too
    const flush_result result = test.stream().close(1min);
    CHECK(result.complete);
    CHECK((result.lost != 0) == (expected != std::errc{}));
    CHECK(result.error == expected);
  }
}

TEST_CASE("close: a sink that ran out of time is not taken for the limit", "[log][flush]") {
  class late final : public weir::sink {
   public:
    late() : sink("late") {}
    void append(const weir::record&) override {}
    weir::commit_result commit() override { return {.lost = 1, .error = std::make_error_code(std::errc::timed_out)}; }
  };
  const temporary_directory directory;
  {
    const redirected standard_error(2, directory.file("err"));
    log_stream stream({.sinks = {std::make_shared<late>()}, .close_limit = 0ms});
    stream.get_logger("l").info("lost");
    CHECK(stream.close(1min).error == std::errc::timed_out);
  } // closes once more, and finds all done
  CHECK(contents_of(directory.file("err")).find("was not written within") == std::string::npos);
}

TEST_CASE("close: while a sink hangs it comes back in time, and says what is queued", "[log][flush]") {
  captured_stream test;
  test.sink().block();
  test.log().info("stuck");
  test.sink().wait_until_blocked();
  const flush_result result = test.stream().close(1ms);
  CHECK_FALSE(result.complete);
  CHECK(result.error == std::errc::timed_out);
  CHECK(result.pending_bytes > 0);
  test.sink().unblock();
  CHECK(test.stream().close(1min).written == 1);
}

TEST_CASE("close: sinks are flushed, and one that cannot makes it incomplete", "[log][flush]") {
  const auto disk = std::make_shared<slow_disk>();
  log_stream stream({.sinks = {disk}});
  stream.get_logger("l").info("x");
  SECTION("that can") {
    CHECK(stream.close(1min));
    CHECK(disk->flushes() >= 1);
  }
  SECTION("that cannot") {
    disk->throw_from_flush(true);
    const flush_result result = stream.close(1min);
    CHECK_FALSE(result.complete);
    CHECK(result.error == std::errc::broken_pipe);
  }
}

TEST_CASE("flush_at: a record of that level flushes the sinks by itself", "[log][flush]") {
  const auto disk = std::make_shared<slow_disk>();
  log_stream stream({.sinks = {disk}, .flush_at = weir::level::error, .flush_interval = 1h});
  stream.get_logger("l").error("x {}", 1);
  wait_for([&] { return disk->flushes() == 1; });
  WEIR_CRITICAL(stream.get_logger("l"), "y");
  wait_for([&] { return disk->flushes() == 2; });
}

TEST_CASE("flush_interval: sinks are flushed though nobody asks, and only when there is something", "[log][flush]") {
  const auto disk = std::make_shared<slow_disk>(), idle = std::make_shared<slow_disk>();
  for (const auto interval : {0ms, 1ms, 3'600'000ms}) { // at the longest, the idle backend does it
    log_stream stream({.sinks = {disk}, .flush_interval = interval});
    weir::logger& other = stream.get_logger("other", {idle});
    const std::size_t before = disk->flushes();
    stream.get_logger("l").info("x");
    wait_for([&] { return disk->flushes() > before; });
    other.debug("below the threshold");
  }
  CHECK(idle->flushes() == 0);
}

TEST_CASE("flush: many threads that flush at a time are all answered", "[log][flush][concurrent]") {
  captured_stream test;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        WEIR_INFO(test.log(), "thread {} record {}.", t, i);
        if (!test.stream().flush(1min)) std::terminate();
        if (test.sink().count("thread " + std::to_string(t) + " record " + std::to_string(i) + ".") != 1)
          std::terminate();
      }
    });
  for (auto& each : threads) each.join();
  CHECK(test.sink().size() == 400);
}

TEST_CASE("flush: callers that give up and the backend do not get into each other's way",
          "[log][flush][concurrent]") {
  captured_stream test;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        WEIR_INFO(test.log(), "{}", i);
        const auto result = test.stream().flush(0ms);
        if (!result && result.error != std::errc::timed_out) std::terminate();
      }
    });
  for (auto& each : threads) each.join();
  CHECK(test.stream().close(1min).written == 1200);
}

// It used to be taken for the backend, which cannot wait for itself.
TEST_CASE("flush: a thread with the id of a stream's that has ended is not taken for that", "[log][flush]") {
  std::thread::id ended;
  weir::log_stream stream(
      {.sinks = {weir::callback_sink([&](const weir::record&) { ended = std::this_thread::get_id(); })}});
  WEIR_INFO(stream.get_logger("test"), "a record");
  REQUIRE(stream.close(1min));
  // They stay: else the second would have the first one's id, and so on.
  std::vector<std::thread> others;
  std::latch over(1);
  std::atomic<bool> reused{false};
  while (!reused && others.size() < 200)
    others.emplace_back([&] {
      if (std::this_thread::get_id() == ended) {
        CHECK(stream.close(1min));
        CHECK(stream.flush(1min).error == std::errc::operation_canceled);
        reused = true;
      }
      over.wait();
    });
  over.count_down();
  for (auto& each : others) each.join();
  if (!reused) WARN("no thread was given the id again");
}

namespace {
/// As one that hands its records on, and waits for that for a while.
struct impatient_sink : weir::sink {
  impatient_sink() : sink("impatient") {}
  void append(const weir::record&) override {}
  weir::commit_result commit() override { return {}; }
  void flush() override { throw std::system_error(std::make_error_code(std::errc::timed_out)); }
};
} // namespace

TEST_CASE("flush: a stream whose sink runs out of time in its last flush is not said to be unwritten",
          "[log][flush]") {
  const temporary_directory directory;
  const std::string said = directory.file("stderr");
  {
    const redirected standard_error(STDERR_FILENO, said);
    log_stream stream({.sinks = {std::make_shared<impatient_sink>()}});
    WEIR_INFO(stream.get_logger("test"), "a record");
  }
  CHECK(contents_of(said).find("was not written within") == std::string::npos);
}

namespace {
/// Its flushes last until it is let go.
struct flushing_sink : weir::sink {
  flushing_sink() : sink("flushing") {}
  void append(const weir::record&) override {}
  weir::commit_result commit() override { return {}; }
  void flush() override {
    flushes = true;
    flushes.notify_all();
    may_end.wait(false);
  }
  void let_go() {
    may_end = true;
    may_end.notify_all();
  }
  std::atomic<bool> flushes{false}, may_end{false};
};

/// What a stream that is given no time to end says on standard error.
template <class Use>
std::string said_at_once(const std::shared_ptr<weir::sink>& sink, Use use) {
  const temporary_directory directory;
  const std::string said = directory.file("stderr");
  {
    const redirected standard_error(STDERR_FILENO, said);
    log_stream stream({.sinks = {sink}, .flush_interval = 0ms, .close_limit = 0ms});
    use(stream);
  }
  return contents_of(said);
}
} // namespace

TEST_CASE("flush: a stream that nobody has logged to is complete, however short the limit", "[log][flush]") {
  const std::string said = said_at_once(weir::null_sink(), [](log_stream& stream) {
    CHECK(stream.flush(0ms).complete);
    CHECK(stream.sync(0ms).complete);
  });
  CHECK(said.empty());
}

TEST_CASE("flush: a stream that ends before its backend has looked does not say that nothing is queued",
          "[log][flush]") {
  const auto sink = std::make_shared<flushing_sink>();
  const std::string said = said_at_once(sink, [&](log_stream& stream) {
    weir::logger& log = stream.get_logger("test");
    WEIR_INFO(log, "written");
    sink->flushes.wait(false);
    WEIR_INFO(log, "not looked at yet");
  });
  sink->let_go();
  CHECK(said == "weir: the log was not written within 0 ms: 1 records were, how much is queued is not known\n");
}
