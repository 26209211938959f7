#include "weir/log/sink.hpp"

#include "bare_renderer.hpp"
#include "run_program.hpp"
#include "temporary_directory.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

using weir::log_stream;

namespace {

/// A descriptor that leads elsewhere for a while.
class redirected {
 public:
  redirected(int descriptor, const std::string& path) : descriptor_(descriptor), saved_(::dup(descriptor)) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    REQUIRE(file >= 0);
    ::dup2(file, descriptor_);
    ::close(file);
  }
  ~redirected() {
    ::dup2(saved_, descriptor_);
    ::close(saved_);
  }
  redirected(const redirected&) = delete;
  redirected& operator=(const redirected&) = delete;

 private:
  int descriptor_, saved_;
};

/// Files of this process cannot grow beyond `bytes` for a while; a write that tries is cut short, then fails.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit lower{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &lower) == 0);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

class small_tmpfs {
 public:
  explicit small_tmpfs(const std::string& at)
      : at_(at), mounted_(::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=256k") == 0) {}
  ~small_tmpfs() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  small_tmpfs(const small_tmpfs&) = delete;
  small_tmpfs& operator=(const small_tmpfs&) = delete;
  explicit operator bool() const { return mounted_; }

 private:
  std::string at_;
  bool mounted_;
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

TEST_CASE("sink: a null renderer is refused", "[log][sink]") {
  const temporary_directory directory;
  CHECK_THROWS_AS(weir::file_sink(directory.file("a.log"), nullptr), std::invalid_argument);
  CHECK_THROWS_AS(weir::console_sink(weir::console_stream::error, nullptr), std::invalid_argument);
}

TEST_CASE("console: it writes to standard error or to standard output", "[log][sink]") {
  const temporary_directory directory;
  {
    const redirected error(STDERR_FILENO, directory.file("err")), output(STDOUT_FILENO, directory.file("out"));
    log_stream to_error({.sinks = {weir::console_sink(weir::console_stream::error, as_bare_text())}});
    log_stream to_output({.sinks = {weir::console_sink(weir::console_stream::output, as_bare_text())}});
    log_stream by_default;
    to_error.get_logger("l").info("to error");
    to_output.get_logger("l").info("to output");
    to_error.flush();
    by_default.get_logger("l").info("by default");
  }
  CHECK(contents_of(directory.file("out")) == "to output\n");
  const auto errors = lines_of(directory.file("err"));
  REQUIRE(errors.size() == 2);
  CHECK(errors[0] == "to error");
  CHECK(errors[1].ends_with("info  [l] by default"));
}

TEST_CASE("sink: a full device loses nothing uncounted", "[log][sink][full]") {
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  log_stream stream({.sinks = {weir::file_sink("/dev/full")}});
  for (int i = 0; i < 5000; ++i) stream.get_logger("l").info("record {}", i);
  CHECK(stream.flush());
  const auto stats = stream.stats();
  CHECK(stats.accepted == 5000);
  CHECK(stats.written == 0);
  CHECK(stats.dropped_sink == 5000);
  CHECK(stats.sink_errors > 0);
  CHECK(contents_of(directory.file("err")).starts_with("weir: /dev/full: No space left on device ("));
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

TEST_CASE("console: a pipe that nobody empties is waited for, and one that is closed is counted", "[log][sink]") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  const temporary_directory directory;
  const redirected error(STDERR_FILENO, directory.file("err"));
  const int saved = ::dup(STDOUT_FILENO);
  ::dup2(ends[1], STDOUT_FILENO);
  auto* const handler = std::signal(SIGPIPE, SIG_IGN);
  {
    log_stream stream({.sinks = {weir::console_sink(weir::console_stream::output, as_bare_text())}});
    for (int i = 0; i < 20'000; ++i) stream.get_logger("l").info("record {:06}", i);
    std::size_t bytes = 0;
    char block[4096];
    while (bytes < 20'000 * 14) { // the pipe holds a quarter of that; the sink waits for this reader
      const ssize_t n = ::read(ends[0], block, sizeof block);
      if (n > 0) bytes += static_cast<std::size_t>(n);
    }
    CHECK(stream.flush());
    CHECK(stream.stats().written == 20'000);
    ::close(ends[0]);
    stream.get_logger("l").info("nobody reads this");
    CHECK(stream.flush());
    CHECK(stream.stats().dropped_sink == 1);
  }
  std::signal(SIGPIPE, handler);
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  ::close(ends[1]);
}
