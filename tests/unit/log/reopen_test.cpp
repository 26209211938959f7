#include "weir/log/reopen.hpp"

#include "bare_renderer.hpp"
#include "temporary_directory.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace {

volatile std::sig_atomic_t plain_calls = 0, informed_calls = 0;
void plain_handler(int) { plain_calls = plain_calls + 1; }
void informed_handler(int, siginfo_t* info, void*) {
  if (info != nullptr) informed_calls = informed_calls + 1;
}

/// Puts a signal's action back.
class action_kept {
 public:
  explicit action_kept(int signal) : signal_(signal) { ::sigaction(signal, nullptr, &before_); }
  ~action_kept() { ::sigaction(signal_, &before_, nullptr); }
  action_kept(const action_kept&) = delete;
  action_kept& operator=(const action_kept&) = delete;

 private:
  int signal_;
  struct sigaction before_ {};
};

} // namespace

TEST_CASE("reopen: a signal has the file opened anew before the next record", "[log][reopen]") {
  const action_kept kept(SIGHUP);
  const temporary_directory directory;
  const std::string path = directory.file("a.log"), moved = directory.file("a.log.1");
  weir::reopen_log_files_on(SIGHUP);
  weir::log_stream stream(
      {.sinks = {weir::file_sink({.path = path, .look_interval = std::nullopt}, as_bare_text())}});
  weir::logger& log = stream.get_logger("l");
  log.info("old");
  stream.flush();
  std::filesystem::rename(path, moved);
  std::raise(SIGHUP);
  log.info("new");
  stream.flush();
  CHECK(contents_of(moved) == "old\n");
  CHECK(contents_of(path) == "new\n");
}

TEST_CASE("reopen: the program's own handler is still called", "[log][reopen]") {
  const action_kept one(SIGUSR1), two(SIGUSR2);
  plain_calls = 0;
  informed_calls = 0;
  std::signal(SIGUSR1, plain_handler);
  struct sigaction informed {};
  informed.sa_sigaction = informed_handler;
  informed.sa_flags = SA_SIGINFO;
  ::sigaction(SIGUSR2, &informed, nullptr);
  for (const int signal : {SIGUSR1, SIGUSR2}) {
    weir::reopen_log_files_on(signal);
    weir::reopen_log_files_on(signal); // and not twice
    std::raise(signal);
  }
  CHECK(plain_calls == 1);
  CHECK(informed_calls == 1);
}

TEST_CASE("reopen: an ignored signal is no longer, and a handler that has replaced ours is kept", "[log][reopen]") {
  const action_kept kept(SIGWINCH);
  std::signal(SIGWINCH, SIG_IGN);
  weir::reopen_log_files_on(SIGWINCH);
  std::raise(SIGWINCH);
  plain_calls = 0;
  std::signal(SIGWINCH, plain_handler);
  CHECK_THROWS_AS(weir::reopen_log_files_on(SIGWINCH), std::logic_error);
  std::raise(SIGWINCH);
  CHECK(plain_calls == 1);
}

TEST_CASE("reopen: what is no signal, or not for this, is refused by number", "[log][reopen]") {
  using Catch::Contains;
  for (const int signal : {0, -1, 1000, SIGKILL, SIGSTOP, SIGSEGV, SIGABRT})
    CHECK_THROWS_AS(weir::reopen_log_files_on(signal), std::invalid_argument);
  CHECK_THROWS_WITH(weir::reopen_log_files_on(1000), Contains("signal 1000"));
}
