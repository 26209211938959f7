#include "weir/log/console_sink.hpp"

#include "bare_renderer.hpp"
#include "redirected.hpp"
#include "temporary_directory.hpp"
#include "weir/http/access_line.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

using weir::log_stream;

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

namespace {

/// An environment variable, for a while; nullptr: not set.
class environment {
 public:
  environment(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~environment() { set(before_ ? before_->c_str() : nullptr); }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

 private:
  void set(const char* value) { value == nullptr ? ::unsetenv(name_) : ::setenv(name_, value, 1); }
  const char* name_;
  std::optional<std::string> before_;
};

class terminal {
 public:
  terminal() : main_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE((main_ >= 0 && ::grantpt(main_) == 0 && ::unlockpt(main_) == 0));
  }
  ~terminal() { ::close(main_); }
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;
  int open() const {
    std::array<char, 64> name{};
    REQUIRE(::ptsname_r(main_, name.data(), name.size()) == 0);
    return ::open(name.data(), O_RDWR | O_NOCTTY);
  }
  std::string seen() const {
    std::array<char, 4096> text;
    const ssize_t n = ::read(main_, text.data(), text.size());
    return {text.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  }

 private:
  int main_;
};

/// What one warning looks like on standard output.
std::string on_terminal(weir::console_options options = {}) {
  const terminal screen;
  options.stream = weir::console_stream::output;
  const redirected output(STDOUT_FILENO, screen.open());
  log_stream stream({.sinks = {weir::console_sink(options)}});
  stream.get_logger("l").warn("hello");
  stream.close(std::chrono::minutes(1));
  return screen.seen();
}

constexpr const char* coloured_level = " \x1b[33mwarn\x1b[0m  [l] hello\r\n";
constexpr const char* plain_level = " warn  [l] hello\r\n";

} // namespace

TEST_CASE("console: on a terminal the level is coloured, unless the environment says no", "[log][sink]") {
  const environment term("TERM", "xterm"), no_colour("NO_COLOR", nullptr);
  CHECK_THAT(on_terminal(), Catch::EndsWith(coloured_level));
  CHECK_THAT(on_terminal({.colour = weir::console_colour::never}), Catch::EndsWith(plain_level));
  {
    const environment set("NO_COLOR", "1");
    CHECK_THAT(on_terminal(), Catch::EndsWith(plain_level));
    CHECK_THAT(on_terminal({.colour = weir::console_colour::always}), Catch::EndsWith(coloured_level));
  }
  {
    const environment set("NO_COLOR", "");
    CHECK_THAT(on_terminal(), Catch::EndsWith(coloured_level));
  }
  {
    const environment dumb("TERM", "dumb");
    CHECK_THAT(on_terminal(), Catch::EndsWith(plain_level));
  }
  {
    const environment none("TERM", nullptr);
    CHECK_THAT(on_terminal(), Catch::EndsWith(plain_level));
  }
}

TEST_CASE("console: no escape code gets into a file, also when the stream is redirected later", "[log][sink]") {
  const environment term("TERM", "xterm"), no_colour("NO_COLOR", nullptr);
  const temporary_directory directory;
  const terminal screen;
  const redirected output(STDOUT_FILENO, screen.open());
  log_stream stream({.sinks = {weir::console_sink(weir::console_stream::output)}});
  stream.get_logger("l").warn("hello");
  stream.flush();
  CHECK_THAT(screen.seen(), Catch::EndsWith(coloured_level));
  const redirected to_file(STDOUT_FILENO, directory.file("out"));
  stream.get_logger("l").warn("hello");
  stream.flush();
  CHECK_THAT(contents_of(directory.file("out")), Catch::EndsWith(" warn  [l] hello\n"));
}

TEST_CASE("console: always is always, every level has its colour, and a line without its name is coloured whole",
          "[log][sink]") {
  const temporary_directory directory;
  {
    const redirected output(STDOUT_FILENO, directory.file("out"));
    const weir::console_options options{.stream = weir::console_stream::output,
                                        .colour = weir::console_colour::always};
    const auto sink = weir::console_sink(options, as_bare_text());
    log_stream stream({.sinks = {sink}, .threshold = weir::level::trace});
    weir::logger& log = stream.get_logger("l");
    log.trace("x");
    log.debug("x");
    log.info("x");
    log.warn("x");
    log.error("x");
    log.critical("x");
    log.info("an info, more or less");
  }
  CHECK(contents_of(directory.file("out")) == "\x1b[90mx\x1b[0m\n\x1b[36mx\x1b[0m\n\x1b[32mx\x1b[0m\n"
                                              "\x1b[33mx\x1b[0m\n\x1b[31mx\x1b[0m\n\x1b[1;37;41mx\x1b[0m\n"
                                              "an \x1b[32minfo\x1b[0m, more or less\n");
}

TEST_CASE("console: a pattern says what is coloured", "[log][sink]") {
  const auto line = [](std::string_view pattern) {
    const temporary_directory directory;
    {
      const redirected output(STDOUT_FILENO, directory.file("out"));
      const weir::console_options options{.stream = weir::console_stream::output,
                                          .colour = weir::console_colour::always};
      log_stream stream({.sinks = {weir::console_sink(options, weir::as_text(pattern))}});
      for (int i = 0; i < 2; ++i) stream.get_logger("l").warn("hello");
    }
    const auto lines = lines_of(directory.file("out"));
    REQUIRE(lines.size() == 2);
    CHECK(lines[0] == lines[1]);
    return lines[0];
  };
  CHECK(line("[%^%l%$] %v") == "[\x1b[33mwarning\x1b[0m] hello");
  CHECK(line("%^[%L] %v%$") == "\x1b[33m[W] hello\x1b[0m");
  CHECK(line("%l %v") == "warning hello");
  CHECK(line("%l%$ %v") == "\x1b[33mwarning\x1b[0m hello");
}

TEST_CASE("console: lines for programs have no colour, wherever they go", "[log][sink]") {
  const environment term("TERM", "xterm"), no_colour("NO_COLOR", nullptr);
  using maker = std::unique_ptr<weir::renderer> (*)();
  const maker made = GENERATE(maker([] { return weir::as_json(); }), maker([] { return weir::as_logfmt(); }),
                              maker([] { return weir::as_access_line(); }));
  const auto colour = GENERATE(weir::console_colour::automatic, weir::console_colour::always);
  const terminal screen;
  const redirected output(STDOUT_FILENO, screen.open());
  log_stream stream(
      {.sinks = {weir::console_sink({.stream = weir::console_stream::output, .colour = colour}, made())}});
  for (int i = 0; i < 2; ++i) stream.get_logger("l").warn("hello");
  stream.close(std::chrono::minutes(1));
  const std::string seen = screen.seen();
  CHECK_THAT(seen, Catch::Contains("hello"));
  CHECK(seen.find('\x1b') == seen.npos);
}

TEST_CASE("console: what is no colour is refused", "[log][sink]") {
  CHECK_THROWS_WITH(weir::console_sink({.colour = weir::console_colour{5}}),
                    Catch::Contains("console_options.colour is 5"));
}
