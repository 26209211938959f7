#include "weir/log/file_sink.hpp"

#include "bare_renderer.hpp"
#include "full_device.hpp"
#include "redirected.hpp"
#include "temporary_directory.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using weir::log_stream;
using namespace std::chrono_literals;

namespace {

/// A stream that writes bare messages to one file.
struct one_file {
  explicit one_file(weir::file_options options)
      : sink(weir::file_sink(std::move(options), as_bare_text())),
        stream({.sinks = {sink}}),
        logger(stream.get_logger("l")) {}
  explicit one_file(const std::string& path) : one_file(weir::file_options{.path = path}) {}

  /// One batch.
  void write(std::string_view line) {
    WEIR_INFO(logger, "{}", line);
    REQUIRE(stream.flush(1min));
  }

  std::shared_ptr<weir::sink> sink;
  log_stream stream;
  weir::logger& logger;
};

/// Lines of the program's own records; the others are the stream's reports. None may be torn.
std::size_t own_lines(const std::string& path) {
  std::size_t own = 0;
  for (const auto& line : lines_of(path)) {
    if (line.starts_with("(torn)") || line.find(" [") == line.npos || !line.starts_with("20")) FAIL("torn: " << line);
    own += line.find(" [l] record ") != line.npos && line.ends_with(" end");
  }
  return own;
}

} // namespace

TEST_CASE("file: lines are appended to what is there", "[log][sink]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  for (int i = 0; i < 2; ++i) {
    log_stream stream({.sinks = {weir::file_sink(path, as_bare_text())}});
    stream.get_logger("l").info("run {}", i);
  }
  CHECK(contents_of(path) == "run 0\nrun 1\n");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U & ~0644U) == 0);
}

TEST_CASE("file: several sinks on one file keep lines whole", "[log][sink]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  {
    log_stream one({.sinks = {weir::file_sink(path, as_bare_text())}});
    log_stream two({.sinks = {weir::file_sink(path, as_bare_text())}});
    for (int i = 0; i < 5000; ++i) {
      one.get_logger("l").info("one {} end", i);
      two.get_logger("l").info("two {} end", i);
    }
  }
  const auto lines = lines_of(path);
  CHECK(lines.size() == 10'000);
  for (const auto& line : lines)
    if (!line.ends_with(" end") || line.size() > 14) FAIL(line);
}

TEST_CASE("file: one that cannot be opened is an error that names it", "[log][sink]") {
  const temporary_directory directory;
  CHECK_THROWS_AS(weir::file_sink(directory.path()), std::system_error);
  CHECK_THROWS_WITH(weir::file_sink(directory.file("none/a.log")), Catch::Contains("none/a.log"));
}

TEST_CASE("file: one that may not grow holds whole lines, and goes on when it may", "[log][sink][full]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  const redirected error(STDERR_FILENO, directory.file("err"));
  log_stream stream({.sinks = {weir::file_sink(path)}});
  weir::logger& log = stream.get_logger("l");
  const std::string text(100, 'x');
  {
    const file_size_limit limit(100'000);
    for (int i = 0; i < 3000; ++i) log.info("record {} {} end", i, text);
    stream.flush();
  }
  const auto full = stream.stats();
  CHECK(full.accepted == 3000);
  CHECK(full.written > 0);
  CHECK(full.dropped_sink > 0);
  CHECK(full.written + full.dropped() == 3000);
  CHECK(own_lines(path) == full.written);
  for (int i = 0; i < 1000; ++i) log.info("record {} {} end", i, text);
  CHECK(stream.close(std::chrono::minutes(1)));
  const auto after = stream.stats();
  CHECK(after.written == full.written + 1000);
  CHECK(after.dropped() == full.dropped());
  CHECK(own_lines(path) == after.written);
}

TEST_CASE("file: on a full file system too, until there is room again", "[log][sink][full]") {
  const temporary_directory directory;
  const small_tmpfs device(directory.path());
  if (!device) {
    WARN("mounting a tmpfs is not permitted here");
    return;
  }
  const std::string path = directory.file("a.log"), ballast = directory.file("ballast");
  const temporary_directory elsewhere;
  const redirected error(STDERR_FILENO, elsewhere.file("err"));
  std::ofstream(ballast) << std::string(180 * 1024, 'b');
  log_stream stream({.sinks = {weir::file_sink(path)}});
  weir::logger& log = stream.get_logger("l");
  for (int i = 0; i < 3000; ++i) log.info("record {} end", i);
  stream.flush();
  const auto full = stream.stats();
  CHECK(full.written > 0);
  CHECK(full.dropped_sink > 0);
  CHECK(full.written + full.dropped() == 3000);
  CHECK(own_lines(path) == full.written);
  std::filesystem::remove(ballast);
  for (int i = 0; i < 500; ++i) log.info("record {} end", i);
  CHECK(stream.close(std::chrono::minutes(1)));
  CHECK(stream.stats().written == full.written + 500);
  CHECK(own_lines(path) == stream.stats().written);
}

TEST_CASE("file: bad options are refused by name and value", "[log][sink]") {
  using Catch::Contains;
  CHECK_THROWS_AS(weir::file_sink(""), std::invalid_argument);
  CHECK_THROWS_WITH(weir::file_sink(std::string("a\0b", 3)), Contains("file_options.path is a, with a zero byte"));
  CHECK_THROWS_WITH(weir::file_sink({.path = "a", .mode = 01000}), Contains("file_options.mode is 01000"));
  CHECK_THROWS_WITH(weir::file_sink({.path = "a", .start = weir::file_start{7}}), Contains("start is 7"));
  CHECK_THROWS_WITH(weir::file_sink({.path = "a", .look_interval = -1ms}), Contains("look_interval (ms) is -1"));
  CHECK_THROWS_AS(weir::file_sink({.path = "a", .look_interval = 2h}), std::invalid_argument);
}

TEST_CASE("file: mode, missing directories and an empty start are options", "[log][sink]") {
  const temporary_directory directory;
  const std::string path = directory.file("one/two/a.log");
  CHECK_THROWS_AS(weir::file_sink({.path = path}), std::system_error);
  for (int i = 0; i < 2; ++i) {
    one_file log({.path = path, .mode = 0600, .create_directories = true, .start = weir::file_start::truncate});
    log.write("run " + std::to_string(i));
  }
  CHECK(contents_of(path) == "run 1\n");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
}

TEST_CASE("file: a line that an earlier process has left torn is ended", "[log][sink]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  std::ofstream(path) << "whole\nhalf a li";
  one_file(path).write("next");
  CHECK(contents_of(path) == "whole\nhalf a li\nnext\n");
}

TEST_CASE("file: a relative path stays where it was", "[log][sink]") {
  const temporary_directory directory, elsewhere;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  one_file log({.path = "a.log", .look_interval = 0ms});
  std::filesystem::current_path(elsewhere.path());
  std::filesystem::remove(directory.file("a.log"));
  log.write("x");
  std::filesystem::current_path(before);
  CHECK(contents_of(directory.file("a.log")) == "x\n");
}

TEST_CASE("file: one that was moved and replaced is left", "[log][sink][reopen]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log"), moved = directory.file("a.log.1");
  one_file log({.path = path, .look_interval = 0ms});
  log.write("old");
  std::filesystem::rename(path, moved);
  std::ofstream(path).close();
  log.write("new");
  CHECK(contents_of(moved) == "old\n");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("file: one that was removed is created again", "[log][sink][reopen]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  one_file log({.path = path, .look_interval = 0ms});
  log.write("old");
  std::filesystem::remove(path);
  log.write("new");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("file: one that was moved is not created before whoever moved it could", "[log][sink][reopen]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log"), moved = directory.file("a.log.1");
  one_file log({.path = path, .look_interval = 0ms});
  log.write("old");
  std::filesystem::rename(path, moved);
  log.write("still old");
  CHECK_FALSE(std::filesystem::exists(path));
  log.write("new");
  CHECK(contents_of(moved) == "old\nstill old\n");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("file: one that was truncated goes on at its begin", "[log][sink][reopen]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  one_file log(path);
  log.write("old");
  std::filesystem::resize_file(path, 0);
  log.write("new");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("file: without looking it stays with the file it has, until it is told", "[log][sink][reopen]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log"), moved = directory.file("a.log.1");
  one_file log({.path = path, .look_interval = std::nullopt});
  log.write("old");
  std::filesystem::rename(path, moved);
  log.write("old too");
  CHECK_FALSE(std::filesystem::exists(path));
  SECTION("by its sink") {
    log.sink->reopen();
    log.write("new");
  }
  SECTION("by the process") {
    weir::reopen_log_files();
    log.write("new");
  }
  CHECK(contents_of(moved) == "old\nold too\n");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("file: if it cannot be opened anew, the old one is used and it is tried again", "[log][sink][reopen]") {
  const temporary_directory directory, elsewhere;
  const redirected error(STDERR_FILENO, elsewhere.file("err"));
  const std::string path = directory.file("logs/a.log"), moved = directory.file("moved/a.log");
  std::filesystem::create_directory(directory.file("logs"));
  one_file log({.path = path, .look_interval = 0ms});
  log.write("old");
  std::filesystem::rename(directory.file("logs"), directory.file("moved"));
  log.sink->reopen();
  log.write("nowhere else to go");
  CHECK(contents_of(moved) == "old\nnowhere else to go\n");
  CHECK(log.sink->stats().errors > 0);
  CHECK(log.sink->stats().lost == 0);
  CHECK(contents_of(elsewhere.file("err")).find("opening anew: No such file or directory (0 records lost)") !=
        std::string::npos);
  std::filesystem::create_directory(directory.file("logs"));
  log.write("new");
  CHECK(contents_of(path) == "new\n");
  CHECK(log.stream.stats().written == 3);
}

TEST_CASE("file: one whose directory is gone takes nothing, and goes on when it is there again",
          "[log][sink][reopen]") {
  const temporary_directory directory, elsewhere;
  const redirected error(STDERR_FILENO, elsewhere.file("err"));
  const std::string logs = directory.file("logs"), path = directory.file("logs/a.log");
  std::filesystem::create_directory(logs);
  one_file log({.path = path, .look_interval = 0ms});
  log.write("first");
  std::filesystem::remove_all(logs);
  for (int i = 0; i < 3; ++i) {
    const auto before = log.stream.mark();
    WEIR_INFO(log.logger, "to nowhere");
    const auto result = log.stream.flush(1min, before);
    CHECK(result.written == 0);
    CHECK(result.lost == 1);
    CHECK(result.error == std::errc::no_such_file_or_directory);
  }
  CHECK(log.sink->stats().lost == 3);
  CHECK(log.stream.stats().dropped_sink == 3);
  CHECK(contents_of(elsewhere.file("err")).find("opening anew: No such file or directory (1 records lost)") !=
        std::string::npos);
  std::filesystem::create_directory(logs);
  log.write("there again");
  CHECK(contents_of(path).find("there again\n") != std::string::npos);
  CHECK(log.stream.stats().dropped_sink == 3);
}

TEST_CASE("file: it can be synced before and after it was opened anew", "[log][sink][reopen][sync]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  one_file log({.path = path, .look_interval = 0ms});
  for (int i = 0; i < 3; ++i) { // the first file is left before anybody has asked for a sync
    log.write("old");
    std::filesystem::rename(path, directory.file("moved")); // what is removed is lost: see sync_test.cpp
    std::ofstream(path).flush();
    log.write("new");
    CHECK(log.stream.sync(1min));
  }
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("file: what has taken a file's place and is none does not stop the log", "[log][sink][reopen]") {
  const temporary_directory directory, elsewhere;
  const redirected error(STDERR_FILENO, elsewhere.file("err"));
  const std::string path = directory.file("a.log"), moved = directory.file("a.log.1");
  one_file log({.path = path, .look_interval = 0ms});
  log.write("old");
  std::filesystem::rename(path, moved);
  SECTION("a directory") { std::filesystem::create_directory(path); }
  SECTION("a FIFO that nobody reads") { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  log.write("old too");
  std::filesystem::remove(path);
  log.write("new");
  CHECK(contents_of(moved) == "old\nold too\n");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("file: moved again and again while threads log, it loses nothing", "[log][sink][reopen][concurrent]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  constexpr int threads = 3, records = 5000, moves = 20;
  {
    one_file log({.path = path, .look_interval = 0ms});
    std::vector<std::thread> producers;
    for (int t = 0; t < threads; ++t)
      producers.emplace_back([&] {
        for (int i = 0; i < records; ++i) WEIR_INFO(log.logger, "record {}", i);
      });
    for (int i = 0; i < moves; ++i) {
      std::error_code ignored; // it may not be there yet
      std::filesystem::rename(path, path + "." + std::to_string(i), ignored);
      i % 2 == 0 ? log.sink->reopen() : weir::reopen_log_files();
      log.stream.flush(1min);
    }
    for (auto& each : producers) each.join();
    CHECK(log.stream.close(1min));
    CHECK(log.sink->stats().written() == threads * records);
  }
  std::size_t lines = 0;
  for (const auto& each : std::filesystem::directory_iterator(directory.path()))
    lines += lines_of(each.path().string()).size();
  CHECK(lines == threads * records);
}
