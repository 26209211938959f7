// File sinks whose path leads to what is no regular file.
#include "weir/log/rotating_file_sink.hpp"

#include "bare_renderer.hpp"
#include "redirected.hpp"
#include "rotating_log.hpp"
#include "temporary_directory.hpp"
#include "timed_record.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

using namespace rotating_log_times;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr weir::rotation_options often{.file_bytes = 12, .every = 24h, .zone = weir::rotation_zone::utc};

std::size_t entries_of(const temporary_directory& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()));
}

/// Lines of two days, more than `often` has in a file; what is seen of them by `reader`.
std::string written_through(weir::sink& sink, int reader) {
  for (int i = 0; i < 6; ++i) append_at(sink, midnight + i / 3 * day, "line" + std::to_string(i));
  for (int i = 0; i < 2; ++i) {
    const auto result = sink.commit();
    CHECK_FALSE(result.error);
    CHECK(result.lost == 0);
    append_at(sink, midnight + 2 * day, "a line that is longer than a file");
  }
  std::array<char, 4096> text;
  const ssize_t n = ::read(reader, text.data(), text.size());
  return {text.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

constexpr const char* all_lines = "line0\nline1\nline2\nline3\nline4\nline5\na line that is longer than a file\n";

/// Both ends of a pipe.
struct pipe_ends {
  explicit pipe_ends(int flags = 0) { REQUIRE(::pipe2(ends, flags | O_CLOEXEC) == 0); }
  ~pipe_ends() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  int ends[2];
};

} // namespace

TEST_CASE("rotating: a FIFO never rotates, by size or by time", "[log][sink][rotating]") {
  const temporary_directory directory;
  const std::string path = directory.file("log.txt");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  const auto sink = weir::rotating_file_sink({.path = path, .look_interval = 0ms}, often, as_bare_text());
  CHECK(written_through(*sink, reader) == all_lines);
  ::close(reader);
  CHECK(fs::is_fifo(path));
  CHECK(entries_of(directory) == 1);
}

TEST_CASE("rotating: a link that leads to a pipe, as /dev/stdout does, stays one", "[log][sink][rotating]") {
  const temporary_directory directory;
  const pipe_ends pipe;
  const std::string path = directory.file("stdout");
  fs::create_symlink("/proc/self/fd/" + std::to_string(pipe.ends[1]), path);
  const auto sink = weir::rotating_file_sink({.path = path, .look_interval = 0ms}, often, as_bare_text());
  CHECK(written_through(*sink, pipe.ends[0]) == all_lines);
  CHECK(fs::is_symlink(path));
  CHECK(entries_of(directory) == 1);
}

TEST_CASE("rotating: a link that leads to a file without a name stays one", "[log][sink][rotating]") {
  const temporary_directory directory;
  const std::string path = directory.file("stdout");
  const int file = ::open(directory.path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) {
    WARN("no unnamed files here");
    return;
  }
  fs::create_symlink("/proc/self/fd/" + std::to_string(file), path);
  const auto sink = weir::rotating_file_sink({.path = path, .look_interval = 0ms}, often, as_bare_text());
  for (int i = 0; i < 4; ++i) append_at(*sink, midnight, "line" + std::to_string(i));
  const auto result = sink->commit();
  CHECK(result.error == std::errc::operation_not_supported);
  CHECK(result.attempt == "rotating");
  CHECK(result.lost == 0);
  std::array<char, 64> text{};
  CHECK(::pread(file, text.data(), text.size(), 0) == 24);
  ::close(file);
  CHECK(fs::is_symlink(path));
  CHECK(entries_of(directory) == 1);
}

TEST_CASE("rotating: what has taken the file's place and is none is not renamed", "[log][sink][rotating]") {
  rotating log({.file_bytes = 12});
  log.write(midnight, "line0");
  fs::rename(log.directory.file("log.txt"), log.directory.file("moved"));
  REQUIRE(::mkfifo(log.directory.file("log.txt").c_str(), 0600) == 0);
  for (int i = 1; i < 5; ++i) CHECK(log.write(midnight, "line" + std::to_string(i)).lost == 0);
  CHECK(fs::is_fifo(log.directory.file("log.txt")));
  CHECK(log.files() == files{{"moved", "line0\nline1\nline2\nline3\nline4\n"}});
  fs::remove(log.directory.file("log.txt"));
  CHECK_FALSE(log.write(midnight, "line5").error);
  CHECK(log.files()["log.txt"] == "line5\n");
}

TEST_CASE("file: a log file is no standard descriptor, where those are closed", "[log][sink]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  bool is_open[3];
  {
    const auto error = std::make_unique<redirected>(STDERR_FILENO, directory.file("err"));
    const redirected output(STDOUT_FILENO, directory.file("out")), input(STDIN_FILENO, directory.file("in"));
    for (const int each : {0, 1, 2}) ::close(each);
    const auto sink = weir::file_sink(path, as_bare_text());
    append_at(*sink, midnight, "first");
    sink->commit();
    fs::rename(path, path + ".1");
    sink->reopen();
    append_at(*sink, midnight, "second");
    sink->commit();
    for (const int each : {0, 1, 2}) is_open[each] = ::fcntl(each, F_GETFD) != -1;
  }
  for (const int each : {0, 1, 2}) CHECK_FALSE(is_open[each]);
  CHECK(contents_of(path) == "second\n");
}
