// Lines stay whole: on devices that fill up, on pipes that others write to, too, or that nobody empties for a while.
#include "weir/log/console_sink.hpp"

#include "bare_renderer.hpp"
#include "full_device.hpp"
#include "redirected.hpp"
#include "temporary_directory.hpp"
#include "timed_record.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <climits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using weir::log_stream;

namespace {

std::shared_ptr<weir::sink> to_output() { return weir::console_sink(weir::console_stream::output, as_bare_text()); }

/// A pipe that is standard output for a while.
class output_pipe {
 public:
  explicit output_pipe(int flags) {
    int ends[2];
    REQUIRE(::pipe2(ends, flags | O_CLOEXEC) == 0);
    reader_ = ends[0];
    output_ = std::make_unique<redirected>(STDOUT_FILENO, ends[1]);
    REQUIRE(::fcntl(reader_, F_SETFL, ::fcntl(reader_, F_GETFL) | O_NONBLOCK) == 0);
  }
  ~output_pipe() { ::close(reader_); }
  output_pipe(const output_pipe&) = delete;
  output_pipe& operator=(const output_pipe&) = delete;

  /// Empty if there is nothing.
  std::string read_some() const {
    std::array<char, 65536> block;
    const ssize_t n = ::read(reader_, block.data(), block.size());
    return {block.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  }
  /// Until nothing fits any more.
  void fill() const {
    const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
    REQUIRE(::fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK) == 0);
    const std::string block(PIPE_BUF, '-');
    while (::write(STDOUT_FILENO, block.data(), block.size()) > 0) {
    }
    REQUIRE(::fcntl(STDOUT_FILENO, F_SETFL, flags) == 0);
  }

 private:
  int reader_;
  std::unique_ptr<redirected> output_;
};

/// Lines of the program's own; the others are the stream's reports. None may be torn.
std::size_t own_lines(const std::string& path) {
  std::size_t own = 0;
  for (const auto& line : lines_of(path)) {
    if (!line.starts_with("20") || line.find(" [") == line.npos) FAIL("torn: " << line);
    if (line.find("] record ") == line.npos) continue;
    if (line.find("record ") != line.rfind("record ") || !line.ends_with(" end")) FAIL("torn: " << line);
    ++own;
  }
  return own;
}

} // namespace

TEST_CASE("console: a file that may not grow holds whole lines, and goes on when it may", "[log][sink][full]") {
  const int appending = GENERATE(0, O_APPEND); // `program > file`, `program >> file`
  const temporary_directory directory;
  const std::string path = directory.file("out");
  const redirected error(STDERR_FILENO, directory.file("err"));
  const redirected output(STDOUT_FILENO, ::open(path.c_str(), O_WRONLY | O_CREAT | appending, 0600));
  log_stream stream({.sinks = {weir::console_sink(weir::console_stream::output)}});
  weir::logger& log = stream.get_logger("l");
  const std::string text(100, 'x');
  {
    const file_size_limit limit(100'000);
    for (int i = 0; i < 3000; ++i) log.info("record {} end", text);
    stream.flush();
  }
  const auto full = stream.stats();
  CHECK(full.dropped_sink > 0);
  CHECK(full.written + full.dropped() == 3000);
  CHECK(own_lines(path) == full.written);
  for (int i = 0; i < 1000; ++i) log.info("record {} end", text);
  CHECK(stream.close(1min));
  CHECK(stream.stats().written == full.written + 1000);
  CHECK(own_lines(path) == full.written + 1000);
}

TEST_CASE("console: a line that cannot be taken back is ended before the next", "[log][sink][full]") {
  const temporary_directory directory;
  const std::string path = directory.file("out"), other = directory.file("other");
  const redirected error(STDERR_FILENO, directory.file("err"));
  const bool is_elsewhere = GENERATE(false, true);
  const auto sink = to_output();
  const redirected output(STDOUT_FILENO, ::open(path.c_str(), O_WRONLY | O_CREAT, 0600));
  REQUIRE(::truncate(path.c_str(), 40) == 0); // as if another process had written behind the fragment
  {
    const file_size_limit limit(30);
    append_at(*sink, 0, "0123456789");
    append_at(*sink, 0, "0123456789");
    append_at(*sink, 0, "0123456789");
    const auto result = sink->commit();
    CHECK(result.lost == 1);
    CHECK(result.error == std::errc::file_too_large);
  }
  if (is_elsewhere) {
    const redirected elsewhere(STDOUT_FILENO, other);
    append_at(*sink, 0, "next");
    CHECK_FALSE(sink->commit().error);
    CHECK(contents_of(other) == "next\n"); // which ends no fragment
  } else {
    append_at(*sink, 0, "next");
    CHECK_FALSE(sink->commit().error);
    CHECK(contents_of(path).substr(0, 36) == "0123456789\n0123456789\n01234567\nnext\n");
  }
}

// Checks stand behind the redirection: what they say of a failure goes to standard output.

TEST_CASE("console: a pipe gets whole lines in pieces that others cannot write into", "[log][sink]") {
  std::string all;
  std::vector<std::string> packets;
  weir::commit_result result;
  {
    const output_pipe pipe(O_DIRECT); // each write is a packet, and one of more than PIPE_BUF bytes is several
    const auto sink = to_output();
    const auto append = [&](const std::string& line) {
      append_at(*sink, 0, line);
      all += line + "\n";
    };
    for (std::size_t i = 0; i < 400; ++i) append("line " + std::to_string(i) + std::string(i % 61, 'x'));
    append(std::string(PIPE_BUF + 1000, 'l'));
    append(std::string(PIPE_BUF - 1, 'f'));
    append("last");
    result = sink->commit();
    for (std::string packet; !(packet = pipe.read_some()).empty();) packets.push_back(packet);
  }
  CHECK_FALSE(result.error);
  CHECK(packets.size() < 15);
  std::string seen;
  for (const auto& packet : packets) {
    const bool is_longer = packet.find_first_not_of("l\n") == packet.npos;
    if (!is_longer && !seen.empty() && !seen.ends_with('\n')) FAIL("begins amid a line: " << packet);
    if (!is_longer && !packet.ends_with('\n')) FAIL("ends amid a line: " << packet);
    seen += packet;
  }
  CHECK(seen == all);
}

TEST_CASE("console: a pipe that is not emptied for long is waited for, non-blocking or not", "[log][sink]") {
  const int flags = GENERATE(0, O_NONBLOCK);
  weir::flush_result waiting;
  weir::log_stats all;
  std::string seen;
  {
    const output_pipe pipe(flags);
    pipe.fill();
    log_stream stream({.sinks = {to_output()}});
    stream.get_logger("l").info("waits");
    waiting = stream.flush(1500ms);
    do seen += pipe.read_some();
    while (!stream.flush(10ms).complete);
    seen += pipe.read_some();
    all = stream.stats();
  }
  CHECK(waiting.error == std::errc::timed_out);
  CHECK(all.written == 1);
  CHECK_THAT(seen, Catch::EndsWith("-waits\n"));
}

TEST_CASE("console: closing with a limit does not wait for a pipe's reader, non-blocking or not", "[log][sink]") {
  const int flags = GENERATE(0, O_NONBLOCK);
  weir::flush_result waiting;
  std::string seen;
  {
    const output_pipe pipe(flags);
    pipe.fill();
    log_stream stream({.sinks = {to_output()}});
    stream.get_logger("l").info("waits");
    waiting = stream.close(10ms);
    do seen += pipe.read_some();
    while (!stream.close(10ms).complete);
    seen += pipe.read_some();
  }
  CHECK(waiting.error == std::errc::timed_out);
  CHECK_THAT(seen, Catch::EndsWith("-waits\n"));
}
