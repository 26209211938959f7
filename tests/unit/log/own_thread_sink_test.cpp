#include "weir/log/own_thread_sink.hpp"

#include "bare_renderer.hpp"
#include "redirected.hpp"
#include "slow_disk.hpp"
#include "temporary_directory.hpp"
#include "weir/context.hpp"
#include "weir/context_fields.hpp"
#include "weir/log.hpp"
#include "weir/testing/capturing_sink.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using weir::log_stream;
using weir::on_own_thread;
using weir::testing::capturing_sink;
using namespace std::chrono_literals;

namespace {
std::shared_ptr<capturing_sink> capturing(std::unique_ptr<weir::renderer> lines = as_bare_text()) {
  return std::make_shared<capturing_sink>(std::move(lines));
}
} // namespace

TEST_CASE("own thread: its records are those that the stream's thread sees", "[log][sink][own_thread][concurrent]") {
  const auto direct = capturing(weir::as_json()), other = capturing(weir::as_json());
  log_stream stream({.sinks = {direct, on_own_thread(other)}});
  const weir::correlation ids{1, 2, 3};
  for (int i = 0; i < 1000; ++i) {
    weir::current_correlation = i % 2 == 0 ? &ids : nullptr;
    WEIR_INFO(stream.get_logger(i % 3 == 0 ? "one" : "another"), "{} {} {}", i, std::string(i % 50, 'x'), 0.5,
              weir::field<"text">("a b"), weir::field<"n">(i));
    stream.get_logger("one").warn("no arguments");
    stream.get_logger("one").error("by function {}", i);
  }
  weir::current_correlation = nullptr;
  CHECK(stream.flush(1min));
  CHECK(direct->size() == 3000);
  CHECK(direct->lines() == other->lines());
}

TEST_CASE("own thread: one that blocks harms no other, and its loss is counted",
          "[log][sink][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto good = capturing(), bad = capturing();
  const auto wrapped = on_own_thread(bad, {.buffer_bytes = 64 * 1024, .drain_limit = 10ms});
  log_stream stream({.sinks = {good, wrapped}});
  bad->block();
  constexpr int calls = 20'000;
  for (int i = 0; i < calls; ++i) stream.get_logger("l").info("record {}", i);
  stream.flush(1min);
  CHECK(good->count("record ") == calls);
  const auto during = stream.stats();
  CHECK(during.accepted == calls);
  CHECK(during.dropped_sink > 0);
  CHECK(during.written + during.dropped() == calls);
  CHECK(wrapped->stats().lost == during.dropped_sink);
  CHECK(wrapped->stats().offered == calls);
  CHECK(contents_of(directory.file("err")).find("No buffer space available") != std::string::npos);

  bad->unblock(); // and it picks up by itself
  while (bad->count("record ") < during.written) std::this_thread::yield();
  stream.get_logger("l").info("record again");
  while (bad->count("again") == 0) std::this_thread::yield();
  CHECK(bad->count("record ") == during.written + 1);
  CHECK(stream.stats().dropped() == during.dropped());
}

TEST_CASE("own thread: a flush waits for it", "[log][sink][own_thread][concurrent]") {
  const auto target = capturing();
  log_stream stream({.sinks = {on_own_thread(target, {.drain_limit = 60s})}});
  for (std::size_t i = 1; i <= 100; ++i) {
    stream.get_logger("l").info("x");
    CHECK(stream.flush(1min));
    if (target->size() != i || target->flushes() < i) FAIL(i);
  }
}

TEST_CASE("own thread: only the first flush waits for one that is blocked", "[log][sink][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto target = capturing();
  const auto wrapped = on_own_thread(target, {.drain_limit = 1s});
  log_stream stream({.sinks = {wrapped}});
  target->block();
  for (int i = 0; i < 400; ++i) { // if each waited, this would outlast the test's time limit
    stream.get_logger("l").info("x");
    stream.flush(1min);
  }
  CHECK(wrapped->stats().errors > 0);
  target->unblock();
}

TEST_CASE("own thread: what it loses later is in its own numbers", "[log][sink][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto target = capturing();
  const auto wrapped = on_own_thread(target);
  log_stream stream({.sinks = {wrapped}});
  target->refuse("bad");
  for (int i = 0; i < 10; ++i) stream.get_logger("l").info("{}", i % 2 == 0 ? "bad" : "good");
  stream.flush(1min);
  CHECK(wrapped->stats().lost == 5);
  CHECK(wrapped->stats().written() == 5);
  target->refuse("");
  target->throw_on_commit(true);
  stream.get_logger("l").info("x");
  stream.flush(1min);
  CHECK(wrapped->stats().lost == 6);
  target->throw_on_commit(false);
  stream.get_logger("l").info("x");
  stream.flush(1min);
  CHECK(wrapped->stats().lost == 6);
  CHECK(wrapped->stats().offered == 12);
  CHECK(wrapped->stats().errors == 6);
  CHECK(contents_of(directory.file("err")).starts_with("weir: capturing: told to refuse bad"));
}

namespace {
class untellable final : public std::error_category {
 public:
  const char* name() const noexcept override { return "untellable"; }
  std::string message(int) const override { throw std::bad_alloc(); }
};

class loses_one final : public weir::sink {
 public:
  loses_one() : sink("loses one") {}
  void append(const weir::record&) override {}
  weir::commit_result commit() override {
    static const untellable category;
    return {.lost = 1, .error = {1, category}};
  }
};
} // namespace

// It counted all of the batch as lost.
TEST_CASE("own thread: a loss whose error cannot be told is what it was", "[log][sink][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto wrapped = on_own_thread(std::make_shared<loses_one>());
  log_stream stream({.sinks = {wrapped}});
  weir::logger& log = stream.get_logger("l");
  for (int i = 0; i < 10; ++i) log.info("{}", i);
  stream.flush(1min);
  CHECK(wrapped->stats().offered == 10);
  CHECK(wrapped->stats().lost == wrapped->stats().errors); // one a batch
}

TEST_CASE("own thread: a line of the stream's own that it loses is no record",
          "[log][sink][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto refusing = capturing(), failing = capturing();
  const auto wrapped = on_own_thread(failing, {.drain_limit = 60s});
  log_stream stream({.sinks = {refusing, wrapped}});
  refusing->refuse("bad"); // which the stream says in a line
  failing->throw_on_commit(true);
  stream.get_logger("l").info("bad");
  stream.flush(1min);
  CHECK(refusing->count("records dropped") == 1);
  CHECK(wrapped->stats().offered == 1);
  CHECK(wrapped->stats().lost == 1);
  CHECK(wrapped->stats().written() == 0);
}

TEST_CASE("own thread: its target is nobody else's until it is gone", "[log][sink][own_thread]") {
  const auto target = capturing();
  auto wrapped = on_own_thread(target);
  CHECK_THROWS_WITH(on_own_thread(target), Catch::Contains("on_own_thread hold \"capturing\""));
  CHECK_THROWS_AS(log_stream({.sinks = {target}}), std::invalid_argument);
  CHECK_THROWS_AS(log_stream({.sinks = {wrapped, target}}), std::invalid_argument);
  wrapped.reset();
  const log_stream stream({.sinks = {target}});
  CHECK_THROWS_AS(on_own_thread(target), std::invalid_argument);
}

TEST_CASE("own thread: levels of both sides hold", "[log][sink][own_thread][concurrent]") {
  const auto target = capturing();
  target->set_threshold(weir::level::warn);
  const auto wrapped = on_own_thread(target);
  CHECK(wrapped->name() == "capturing");
  CHECK(wrapped->threshold() == weir::level::warn);
  log_stream stream({.sinks = {wrapped}});
  wrapped->set_threshold(weir::level::info);
  stream.get_logger("l").info("below the target's");
  target->set_threshold(weir::level::info);
  stream.get_logger("l").info("above");
  stream.flush(1min);
  CHECK(target->count("above") == 1);
}

TEST_CASE("own thread: a stream's end waits for it, but not for ever", "[log][sink][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto target = capturing();
  SECTION("it is written") {
    {
      log_stream stream({.sinks = {on_own_thread(target, {.drain_limit = 60s})}, .close_limit = 60s});
      for (int i = 0; i < 10'000; ++i) stream.get_logger("l").info("x");
    }
    CHECK(target->size() == 10'000);
    CHECK(target.use_count() == 1); // the thread is gone
  }
  SECTION("it is blocked") {
    target->block();
    {
      log_stream stream({.sinks = {on_own_thread(target, {.drain_limit = 10ms})}, .close_limit = 60s});
      stream.get_logger("l").info("being written");
      target->wait_until_blocked();
      stream.get_logger("l").info("left behind");
    }
    CHECK(contents_of(directory.file("err")).find("closing: it is blocked (1 records lost)") != std::string::npos);
    target->unblock();
    while (target.use_count() != 1) std::this_thread::yield(); // the thread ends by itself
    CHECK(target->count("being written") == 1);
    CHECK(target->count("left behind") == 0);
  }
}

TEST_CASE("own thread: a file on one is reopened, too", "[log][sink][own_thread][concurrent]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  const auto sink = on_own_thread(weir::file_sink({.path = path, .look_interval = std::nullopt}, as_bare_text()));
  log_stream stream({.sinks = {sink}});
  stream.get_logger("l").info("old");
  stream.flush(1min);
  std::filesystem::rename(path, directory.file("moved"));
  sink->reopen();
  stream.get_logger("l").info("new");
  stream.flush(1min);
  CHECK(contents_of(directory.file("moved")) == "old\n");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("own thread: a sync reaches its disk, and tells what was lost on the way",
          "[log][own_thread][sync][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto disk = std::make_shared<slow_disk>();
  log_stream stream({.sinks = {on_own_thread(disk, {.drain_limit = 60s})}});
  for (std::size_t i = 1; i <= 20; ++i) {
    stream.get_logger("l").info("x");
    CHECK(stream.sync(1min));
    if (disk->durable() != i) FAIL(i);
  }
  disk->fail_syncs(std::make_error_code(std::errc::read_only_file_system));
  stream.get_logger("l").info("x");
  CHECK(stream.sync(1min).error == std::errc::read_only_file_system);
  disk->fail_syncs({});
  disk->lose_commits(true);
  stream.get_logger("l").info("x");
  CHECK_FALSE(stream.sync(1min, stream.mark()));
  disk->lose_commits(false);
  stream.get_logger("l").info("x");
  CHECK(stream.sync(1min, stream.mark()));
}

TEST_CASE("own thread: bad arguments are refused", "[log][sink][own_thread]") {
  CHECK_THROWS_AS(on_own_thread(nullptr), std::invalid_argument);
  CHECK_THROWS_WITH(on_own_thread(weir::null_sink(), {.buffer_bytes = 1}), Catch::Contains("buffer_bytes is 1"));
  CHECK_THROWS_WITH(on_own_thread(weir::null_sink(), {.drain_limit = -1ms}),
                    Catch::Contains("drain_limit (ms) is -1"));
}

TEST_CASE("own thread: fields of loggers and contexts arrive as well", "[log][sink]") {
  auto inner = std::make_shared<weir::testing::capturing_sink>();
  weir::log_stream stream({.sinks = {weir::on_own_thread(inner)}});
  weir::bound_logger log = stream.get_logger("main").with(weir::field<"peer">("10.0.0.1"));
  const weir::context ctx = weir::with_fields(weir::background(), weir::field<"user">("ann"));
  {
    const weir::context_scope scope(ctx);
    log.info("{}", "text", weir::field<"own">(1));
  }
  REQUIRE(stream.flush());
  REQUIRE(inner->size() == 1);
  CHECK(inner->lines().front().ends_with("text own=1 peer=10.0.0.1 user=ann"));
}
