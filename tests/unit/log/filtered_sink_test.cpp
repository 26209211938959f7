#include "weir/log/filtered_sink.hpp"

#include "bare_renderer.hpp"
#include "redirected.hpp"
#include "slow_disk.hpp"
#include "temporary_directory.hpp"
#include "weir/log.hpp"
#include "weir/testing/capturing_sink.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using weir::filtered;
using weir::log_stream;
using weir::on_own_thread;
using weir::testing::capturing_sink;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

std::shared_ptr<capturing_sink> capturing() { return std::make_shared<capturing_sink>(as_bare_text()); }

bool below_warn(const weir::record& entry) { return entry.severity() < weir::level::warn; }
bool all(const weir::record&) { return true; }
bool none(const weir::record&) { return false; }

} // namespace

TEST_CASE("filtered: info to one file and errors to another", "[log][sink][filtered]") {
  const temporary_directory directory;
  const auto out = filtered(weir::file_sink(directory.file("out"), as_bare_text()), below_warn);
  const auto err = weir::file_sink(directory.file("err"), as_bare_text());
  err->set_threshold(weir::level::warn);
  log_stream stream({.sinks = {out, err}});
  stream.get_logger("l").info("one");
  stream.get_logger("l").error("two");
  stream.get_logger("l").info("three");
  CHECK(stream.flush(1min));
  CHECK(lines_of(directory.file("out")) == lines{"one", "three"});
  CHECK(lines_of(directory.file("err")) == lines{"two"});
  CHECK(out->stats().offered == 2);
  CHECK(out->stats().written() == 2);
  CHECK(out->name() == directory.file("out"));
}

TEST_CASE("filtered: by a logger's name, and by a field", "[log][sink][filtered]") {
  const auto of_http = capturing(), of_tenant = capturing();
  log_stream stream(
      {.sinks = {filtered(of_http, [](const weir::record& entry) { return entry.logger_name().starts_with("http"); }),
                 filtered(of_tenant, [](const weir::record& entry) {
                   weir::text_buffer tenant;
                   return entry.append_raw_field("tenant", tenant) &&
                          std::string_view(tenant.data(), tenant.size()) == "acme";
                 })}});
  stream.get_logger("http.client").info("a");
  stream.get_logger("db").info("b", weir::field<"tenant">("acme"));
  stream.get_logger("db").with(weir::field<"tenant">("acme")).info("c");
  stream.get_logger("db").info("d", weir::field<"tenant">("other"));
  CHECK(stream.flush(1min));
  CHECK(of_http->lines() == lines{"a"});
  CHECK(of_tenant->lines() == lines{"b tenant=acme", "c tenant=acme"});
}

TEST_CASE("filtered: what is held back is neither offered, nor written, nor lost", "[log][sink][filtered]") {
  const auto sink = filtered(std::make_shared<slow_disk>(), none);
  log_stream stream({.sinks = {sink}});
  for (int i = 0; i < 5000; ++i) stream.get_logger("l").info("x"); // more than a batch
  CHECK(stream.sync(1min));                                        // as with records below all thresholds
  CHECK(sink->stats().offered == 0);
  CHECK(sink->stats().lost == 0);
  CHECK(stream.stats().written == 5000);
  CHECK(stream.stats().dropped() == 0);
}

TEST_CASE("filtered: a predicate that throws loses the record for its sink, and for no other",
          "[log][sink][filtered]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto other = capturing(), target = capturing();
  int calls = 0;
  const auto sink = filtered(target, [&](const weir::record&) {
    if (++calls == 2) throw std::runtime_error("cannot tell");
    return calls != 3;
  });
  log_stream stream({.sinks = {sink, other}});
  for (const char* text : {"first", "second", "third", "fourth"}) stream.get_logger("l").info("{}", text);
  stream.flush(1min);
  CHECK(target->size() == 3);
  CHECK(target->count("first") == 1);
  CHECK(target->count("records dropped") == 1); // which is said in the log, if the predicate takes it
  CHECK(target->count("fourth") == 1);
  CHECK(other->size() == 5);
  CHECK(sink->stats().offered == 3);
  CHECK(sink->stats().lost == 1);
  CHECK(sink->stats().errors == 1);
  CHECK(contents_of(directory.file("err")).starts_with("weir: capturing: cannot tell (1 records lost)"));
}

TEST_CASE("filtered: of a batch that its target loses, only what was taken is lost", "[log][sink][filtered]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto target = capturing();
  const auto sink = filtered(target, below_warn);
  log_stream stream({.sinks = {sink, weir::null_sink()}});
  SECTION("it throws") { target->throw_on_commit(true); }
  SECTION("it says so") { target->lose_last(10); }
  SECTION("it refuses a record") { target->refuse("lost"); }
  stream.get_logger("l").info("lost");
  stream.get_logger("l").warn("held back");
  stream.flush(1min);
  CHECK(sink->stats().offered == 1);
  CHECK(sink->stats().lost == 1);
  CHECK(sink->stats().errors >= 1);
  CHECK(stream.stats().dropped_sink == 1);
  CHECK(stream.stats().written == 1);
}

TEST_CASE("filtered: a line of the stream's own that nobody takes is left unsaid", "[log][sink][filtered]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto target = capturing();
  const auto sink = filtered(target, [](const weir::record& entry) { return entry.logger_name() != "weir"; });
  log_stream stream({.sinks = {sink}});
  target->refuse("bad");
  stream.get_logger("l").info("bad");
  stream.get_logger("l").info("good");
  stream.flush(1min);
  CHECK(target->lines() == lines{"good"});
  CHECK(sink->stats().offered == 2);
  CHECK(sink->stats().errors == 1);
}

TEST_CASE("filtered: levels of both sides hold", "[log][sink][filtered]") {
  const auto target = capturing();
  target->set_threshold(weir::level::warn);
  const auto sink = filtered(target, all);
  CHECK(sink->name() == "capturing");
  CHECK(sink->threshold() == weir::level::warn);
  log_stream stream({.sinks = {sink}});
  sink->set_threshold(weir::level::info);
  stream.get_logger("l").info("below the target's");
  CHECK(stream.flush(1min));
  target->set_threshold(weir::level::info);
  stream.get_logger("l").info("above");
  CHECK(stream.flush(1min));
  CHECK(target->lines() == lines{"above"});
  CHECK(sink->stats().offered == 1);
}

TEST_CASE("filtered: one behind another takes what both take", "[log][sink][filtered]") {
  const auto target = capturing();
  const auto sink =
      filtered(filtered(target, below_warn), [](const weir::record& entry) { return entry.logger_name() == "db"; });
  log_stream stream({.sinks = {sink}});
  stream.get_logger("db").info("both");
  stream.get_logger("db").warn("one");
  stream.get_logger("l").info("the other");
  CHECK(stream.flush(1min));
  CHECK(target->lines() == lines{"both"});
  CHECK(sink->stats().offered == 1);
}

TEST_CASE("filtered: its target is nobody else's until it is gone", "[log][sink][filtered]") {
  const auto target = capturing();
  auto sink = filtered(target, all);
  CHECK_THROWS_WITH(filtered(target, all), Catch::Contains("filtered hold \"capturing\""));
  CHECK_THROWS_AS(on_own_thread(target), std::invalid_argument);
  CHECK_THROWS_AS(log_stream({.sinks = {sink, target}}), std::invalid_argument);
  sink.reset();
  const log_stream stream({.sinks = {target}});
  CHECK_THROWS_AS(filtered(target, all), std::invalid_argument);
}

TEST_CASE("filtered: bad arguments are refused", "[log][sink][filtered]") {
  const auto target = capturing();
  CHECK_THROWS_WITH(filtered(nullptr, all), Catch::Contains("the sink is null"));
  CHECK_THROWS_WITH(filtered(target, nullptr), Catch::Contains("the predicate of \"capturing\" is empty"));
  const log_stream stream({.sinks = {target}}); // which is nobody's
}

TEST_CASE("filtered: a file behind it is reopened", "[log][sink][filtered]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  const auto sink = filtered(weir::file_sink({.path = path, .look_interval = std::nullopt}, as_bare_text()), all);
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

TEST_CASE("filtered: a flush and a sync reach what is behind it, and their failures come back",
          "[log][sink][filtered][sync]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto disk = std::make_shared<slow_disk>();
  log_stream stream({.sinks = {filtered(disk, below_warn)}});
  weir::logger& log = stream.get_logger("l");
  CHECK(weir::log_durably(stream, [&] { WEIR_INFO(log, "paid"); }));
  CHECK(disk->durable() == 1);
  CHECK(weir::log_durably(stream, [&] { WEIR_WARN(log, "held back"); }));
  CHECK(disk->syncs() == 1);
  log.info("x");
  CHECK(stream.flush(1min));
  CHECK(disk->flushes() >= 1);
  disk->fail_syncs(std::make_error_code(std::errc::read_only_file_system));
  const auto failed = weir::log_durably(stream, [&] { WEIR_INFO(log, "paid"); });
  CHECK(failed.error == std::errc::read_only_file_system);
  disk->fail_syncs({});
  disk->throw_from_flush(true);
  log.info("x");
  CHECK(stream.flush(1min).error == std::errc::broken_pipe);
  disk->throw_from_flush(false);
}

TEST_CASE("filtered: in front of a thread only what is taken is handed over and counted",
          "[log][sink][filtered][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto target = capturing();
  const auto sink = filtered(on_own_thread(target, {.drain_limit = 60s}), below_warn);
  log_stream stream({.sinks = {sink}});
  target->refuse("bad");
  for (int i = 0; i < 10; ++i) {
    stream.get_logger("l").info("{}", i % 2 == 0 ? "bad" : "good");
    stream.get_logger("l").warn("held back");
  }
  stream.flush(1min);
  CHECK(target->size() == 5);
  CHECK(sink->stats().offered == 10);
  CHECK(sink->stats().lost == 5); // the thread has lost them after the stream had written them
  CHECK(sink->stats().errors == 5);
  CHECK(stream.stats().written == 20);
}

TEST_CASE("filtered: in front of a thread, a line of the stream's own that it loses is no record",
          "[log][sink][filtered][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto refusing = capturing(), failing = capturing();
  const auto sink = filtered(on_own_thread(failing, {.drain_limit = 60s}), all);
  log_stream stream({.sinks = {refusing, sink}});
  refusing->refuse("bad"); // which the stream says in a line
  failing->throw_on_commit(true);
  stream.get_logger("l").info("bad");
  stream.flush(1min);
  CHECK(refusing->count("records dropped") == 1);
  CHECK(sink->stats().offered == 1);
  CHECK(sink->stats().lost == 1);
}

TEST_CASE("filtered: on a thread the predicate is called there", "[log][sink][filtered][own_thread][concurrent]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const auto target = capturing();
  std::thread::id called_on, appended_on;
  const auto where = weir::callback_sink([&](const weir::record&) { appended_on = std::this_thread::get_id(); });
  const auto sink = on_own_thread(filtered(target,
                                           [&](const weir::record& entry) {
                                             called_on = std::this_thread::get_id();
                                             weir::text_buffer kept;
                                             return entry.append_raw_field("keep", kept);
                                           }),
                                  {.drain_limit = 60s});
  log_stream stream({.sinks = {sink, where}});
  stream.get_logger("l").info("a", weir::field<"keep">(true));
  stream.get_logger("l").info("b");
  CHECK(stream.flush(1min));
  CHECK(target->lines() == lines{"a keep=true"});
  CHECK(called_on != appended_on);
  CHECK(sink->stats().lost == 0);
  target->throw_on_commit(true);
  stream.get_logger("l").info("c", weir::field<"keep">(true));
  stream.get_logger("l").info("d");
  stream.flush(1min);
  CHECK(sink->stats().lost == 1);
}
