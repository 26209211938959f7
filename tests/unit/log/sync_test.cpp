// Records on the disk: one sync for all who wait, and never a promise that the disk has not kept.
#include "weir/log/log_durably.hpp"

#include "captured_stream.hpp"
#include "slow_disk.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using weir::flush_result;
using weir::log_durably;
using weir::log_stream;

namespace {

struct disk_stream {
  std::shared_ptr<slow_disk> disk = std::make_shared<slow_disk>();
  log_stream stream{{.sinks = {disk}}};
  weir::logger& log = stream.get_logger("l");
};

const std::error_code moved_away(ESTALE, std::system_category());
const std::error_code broken = std::make_error_code(std::errc::io_error);

} // namespace

TEST_CASE("sync: what was logged before it is on the disk when it returns", "[log][sync]") {
  disk_stream test;
  for (std::size_t i = 1; i <= 20; ++i) {
    WEIR_INFO(test.log, "{}", i);
    const flush_result result = test.stream.sync(1min);
    REQUIRE(result.complete);
    CHECK(result.written == i);
    REQUIRE(test.disk->durable() == i);
  }
}

TEST_CASE("sync: with nothing new it leaves the disk alone", "[log][sync]") {
  disk_stream test;
  CHECK(test.stream.sync(1min));
  CHECK(test.disk->syncs() == 0);
  test.log.info("x");
  CHECK(test.stream.sync(1min));
  CHECK(test.stream.sync(1min));
  CHECK(test.disk->syncs() == 1);
  CHECK(test.stream.flush(1min));
  CHECK(test.disk->syncs() == 1);
}

TEST_CASE("sync: a real file", "[log][sync]") {
  const temporary_directory directory;
  log_stream stream({.sinks = {weir::file_sink(directory.file("a.log"), as_bare_text())}});
  const flush_result result = log_durably(stream, [&] { WEIR_INFO(stream.get_logger("l"), "kept {}", 1); });
  CHECK(result.complete);
  CHECK(result.written == 1);
  CHECK_FALSE(result.error);
  CHECK(lines_of(directory.file("a.log")) == std::vector<std::string>{"kept 1"});
}

TEST_CASE("sync: a file that was removed is no disk", "[log][sync]") {
  const temporary_directory directory;
  const std::string path = directory.file("sub/a.log");
  const auto sink = weir::file_sink({.path = path, .create_directories = true, .look_interval = 1h}, as_bare_text());
  log_stream stream({.sinks = {sink}});
  weir::logger& log = stream.get_logger("l");
  CHECK(log_durably(stream, [&] { log.info("kept"); }));
  SECTION("told, and a new file is there for the next") {
    std::filesystem::remove(path);
    const flush_result gone = log_durably(stream, [&] { log.info("gone"); });
    CHECK_FALSE(gone.complete);
    CHECK(gone.error == std::errc::no_such_file_or_directory);
    CHECK(log_durably(stream, [&] { log.info("again"); }));
    CHECK(contents_of(path) == "again\n");
  }
  SECTION("told for as long as there can be no new one") {
    std::filesystem::remove_all(directory.file("sub"));
    std::ofstream(directory.file("sub")) << "no directory";
    for (int i = 0; i < 2; ++i)
      CHECK(log_durably(stream, [&] { log.info("gone"); }).error == std::errc::not_a_directory);
    std::filesystem::remove(directory.file("sub"));
    CHECK_FALSE(log_durably(stream, [&] { log.info("gone"); }));
    CHECK(log_durably(stream, [&] { log.info("again"); }));
    CHECK(contents_of(path) == "again\n");
  }
  SECTION("also if the sink has left it meanwhile") {
    std::filesystem::remove(path);
    log.info("gone");
    CHECK(stream.flush(1min));
    sink->reopen();
    CHECK(log_durably(stream, [&] { log.info("there"); }).error == std::errc::no_such_file_or_directory);
    CHECK(log_durably(stream, [&] { log.info("again"); }));
    CHECK(contents_of(path) == "there\nagain\n");
  }
  SECTION("not if all of it was on the disk before") {
    std::filesystem::remove(path);
    sink->reopen();
    CHECK(log_durably(stream, [&] { log.info("there"); }));
  }
}

TEST_CASE("sync: what may have come to a file after it was moved is not acknowledged", "[log][sync][reopen]") {
  // Whoever moved it may have copied it before (logrotate's `compress`), and remove it after.
  const temporary_directory directory;
  const std::string path = directory.file("a.log"), moved = directory.file("a.log.1");
  log_stream stream({.sinks = {weir::file_sink({.path = path, .look_interval = 1h}, as_bare_text())}});
  weir::logger& log = stream.get_logger("l");
  const auto replace = [&] { std::ofstream(path).flush(); };
  const auto store = [&](const char* text) { return log_durably(stream, [&] { log.info("{}", text); }); };
  SECTION("the first sync looks, too") {
    log.info("doubtful");
    CHECK(stream.flush(1min));
    std::filesystem::rename(path, moved);
    replace();
    const flush_result result = stream.sync(1min);
    CHECK_FALSE(result.complete);
    CHECK(result.error == moved_away);
    CHECK(contents_of(moved) == "doubtful\n");
  }
  SECTION("where another has taken its place, that is written to at once") {
    CHECK(store("kept"));
    std::filesystem::rename(path, moved);
    replace();
  }
  SECTION("where none has, the write is in doubt, and told") {
    CHECK(store("kept"));
    std::filesystem::rename(path, moved);
    CHECK(store("doubtful").error == moved_away);
    CHECK(contents_of(moved) == "kept\ndoubtful\n");
    replace();
  }
  SECTION("what was there before it was moved is not in doubt") {
    CHECK(store("kept"));
    const weir::log_mark mark = stream.mark();
    log.info("kept, too");
    CHECK(stream.flush(1min));
    std::filesystem::rename(path, moved);
    replace();
    CHECK(stream.sync(1min, mark));
    CHECK(contents_of(moved) == "kept\nkept, too\n");
  }
  CHECK(store("new"));
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("sync: a sink that does not look leaves it to who moves its file", "[log][sync][reopen]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log"), moved = directory.file("a.log.1");
  const auto sink = weir::file_sink({.path = path, .look_interval = std::nullopt}, as_bare_text());
  log_stream stream({.sinks = {sink}});
  weir::logger& log = stream.get_logger("l");
  CHECK(log_durably(stream, [&] { log.info("old"); }));
  std::filesystem::rename(path, moved);
  CHECK(log_durably(stream, [&] { log.info("old, too"); }));
  sink->reopen();
  CHECK(log_durably(stream, [&] { log.info("new"); }));
  CHECK(contents_of(moved) == "old\nold, too\n");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("sync: a full device, and one that has no disk", "[log][sync]") {
  SECTION("full") {
    log_stream stream({.sinks = {weir::file_sink("/dev/full")}});
    stream.get_logger("l").info("x");
    const flush_result result = stream.sync(1min);
    CHECK_FALSE(result.complete);
    CHECK(result.lost == 1);
    CHECK(result.error == std::errc::no_space_on_device);
  }
  SECTION("no disk") {
    log_stream stream({.sinks = {weir::file_sink("/dev/null")}});
    stream.get_logger("l").info("x");
    CHECK(stream.sync(1min));
  }
}

TEST_CASE("sync: a loss of before the call is told, however long ago the backend met it", "[log][sync]") {
  disk_stream test;
  test.disk->lose_commits(true);
  test.log.info("lost");
  test.stream.flush(1min); // told here, and to whoever asks
  test.disk->lose_commits(false);
  CHECK_FALSE(test.stream.sync(1min));
  CHECK(test.stream.sync(1min).lost == 1);
  // From a mark on it is another story.
  const flush_result later = log_durably(test.stream, [&] { test.log.info("kept"); });
  CHECK(later.complete);
  CHECK(later.written == 1);
}

TEST_CASE("sync: a failure is told to the caller, and is not healed by a later success", "[log][sync]") {
  disk_stream test;
  const weir::log_mark mark = test.stream.mark();
  test.log.info("x");
  SECTION("an error") { test.disk->fail_syncs(broken); }
  SECTION("an exception") { test.disk->throw_from_sync(true); }
  const flush_result failed = test.stream.sync(1min, mark);
  CHECK_FALSE(failed.complete);
  CHECK(failed.written == 1); // to the file, but not known to be on the disk
  CHECK(failed.lost == 0);
  CHECK(failed.error == std::errc::io_error);
  CHECK(test.stream.stats().sink_errors == 1);
  test.disk->fail_syncs({});
  test.disk->throw_from_sync(false);
  const flush_result again = test.stream.sync(1min, mark);
  CHECK_FALSE(again.complete);
  CHECK(again.error == std::errc::io_error);
  CHECK_FALSE(test.stream.sync(1min));
  CHECK(log_durably(test.stream, [&] { test.log.info("y"); }));
  CHECK(test.disk->durable() == 2);
}

TEST_CASE("sync: when its limit passes it says so; the disk goes on", "[log][sync]") {
  disk_stream test;
  test.disk->hold();
  test.log.info("x");
  const flush_result result = test.stream.sync(1ms);
  CHECK_FALSE(result.complete);
  CHECK(result.error == std::errc::timed_out);
  test.disk->release();
  CHECK(test.stream.sync(1min));
}

TEST_CASE("sync: after close() it is refused", "[log][sync]") {
  disk_stream test;
  test.log.info("x");
  test.stream.close(1min);
  const flush_result result = test.stream.sync(1min);
  CHECK_FALSE(result.complete);
  CHECK(result.error == std::errc::operation_canceled);
  std::vector<flush_result> called;
  test.stream.async_sync([&](const flush_result& r) { called.push_back(r); });
  REQUIRE(called.size() == 1);
  CHECK(called[0].error == std::errc::operation_canceled);
}

TEST_CASE("sync: in a forked child it is refused", "[log][sync]") {
  disk_stream test;
  test.log.info("x");
  test.stream.flush(1min);
  const ::pid_t child = ::fork();
  if (child == 0) {
    const flush_result result = test.stream.sync(1min);
    bool called = false;
    test.stream.async_sync([&](const flush_result& r) { called = r.error == std::errc::operation_not_supported; });
    ::_exit(!result && result.error == std::errc::operation_not_supported && called ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("async_sync: called back once what was logged before is on the disk", "[log][sync][concurrent]") {
  disk_stream test;
  test.log.info("x");
  std::latch done(1);
  flush_result result;
  std::size_t durable = 0;
  test.stream.async_sync([&](const flush_result& r) {
    result = r;
    durable = test.disk->durable();
    done.count_down();
  });
  done.wait();
  CHECK(result.complete);
  CHECK(result.written == 1);
  CHECK(durable == 1);
  CHECK_THROWS_AS(test.stream.async_sync(nullptr), std::invalid_argument);
}

TEST_CASE("async_sync: the callback may ask for the next, and may throw", "[log][sync][concurrent]") {
  disk_stream test;
  std::latch done(1);
  std::atomic<int> calls = 0;
  std::function<void(const flush_result&)> again = [&](const flush_result&) {
    if (++calls == 5) {
      done.count_down();
      throw std::runtime_error("told to throw");
    }
    test.log.info("{}", calls.load());
    test.stream.async_sync(again);
  };
  again({});
  done.wait();
  CHECK(test.stream.sync(1min));
  CHECK(test.disk->syncs() >= 4);
  CHECK(test.stream.stats().sink_errors == 1);
}

TEST_CASE("async_sync: close() answers whoever waits before it returns", "[log][sync][concurrent]") {
  for (int round = 0; round < 50; ++round) {
    disk_stream test;
    std::atomic<int> asked = 0, answered = 0;
    std::thread caller([&] {
      for (int i = 0; i < 20; ++i) {
        ++asked;
        test.stream.async_sync([&](const flush_result&) { ++answered; });
      }
    });
    while (asked == 0) std::this_thread::yield();
    CHECK(test.stream.close(1min));
    caller.join();
    CHECK(answered == asked);
  }
}

TEST_CASE("sync: callers that come while the disk is busy share the next sync", "[log][sync][concurrent]") {
  constexpr int callers = 32;
  disk_stream test;
  test.disk->hold();
  std::thread first([&] {
    if (!log_durably(test.stream, [&] { test.log.info("first"); })) std::terminate();
  });
  test.disk->wait_until_syncing();
  std::latch logged(callers), asked(callers);
  std::atomic<int> right = 0;
  for (int i = 0; i < callers; ++i) {
    WEIR_INFO(test.log, "{}", i);
    test.stream.async_sync([&](const flush_result& result) {
      if (result && test.disk->durable() == callers + 1) ++right;
      asked.count_down();
    });
  }
  test.disk->release();
  first.join();
  asked.wait();
  CHECK(right == callers);
  CHECK(test.disk->syncs() == 2);
}

TEST_CASE("sync: never returns before the caller's own record is on the disk", "[log][sync][concurrent]") {
  // Every thread has records of its own to wait for; the disk knows only how many it has made durable, so each thread
  // counts those that it knows to have been logged before.
  disk_stream test;
  std::atomic<std::size_t> logged = 0;
  std::atomic<int> early = 0;
  std::vector<std::thread> threads;
  constexpr int writers = 8, rounds = 100;
  for (int t = 0; t < writers; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        WEIR_INFO(test.log, "{}", i);
        const std::size_t at_least = ++logged;
        const flush_result result = test.stream.sync(1min);
        if (!result || test.disk->durable() < at_least) ++early;
      }
    });
  for (auto& each : threads) each.join();
  CHECK(early == 0);
  CHECK(test.disk->durable() == writers * rounds);
  CHECK(test.disk->syncs() <= writers * rounds);
}

TEST_CASE("sync: a failure amid many callers is told to each whose record it covered", "[log][sync][concurrent]") {
  disk_stream test;
  test.disk->hold();
  test.disk->fail_syncs(broken);
  std::vector<std::thread> threads;
  std::atomic<int> told = 0;
  const weir::log_mark mark = test.stream.mark();
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      test.log.info("x");
      if (test.stream.sync(1min, mark).error == std::errc::io_error) ++told;
    });
  test.disk->wait_until_syncing();
  test.disk->release();
  for (auto& each : threads) each.join();
  CHECK(told == 8);
  test.disk->fail_syncs({});
  CHECK(log_durably(test.stream, [&] { test.log.info("y"); }));
}
