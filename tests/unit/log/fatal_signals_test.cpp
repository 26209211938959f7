// Crashes of real processes: what they leave in the file, and what their parents see of them.
#include "weir/log/fatal_signals.hpp"

#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

class crashed {
 public:
  /// Where dumps are on, it leaves its core in the directory.
  explicit crashed(const char* scene) {
    const ::pid_t child = ::fork();
    if (child == 0) {
      const ::rlimit all{RLIM_INFINITY, RLIM_INFINITY};
      ::setrlimit(RLIMIT_CORE, &all);
      // The sanitizers' own handlers would end it by exit.
      const char* const options = "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:"
                                  "handle_abort=0:use_sigaltstack=0:disable_coredump=1";
      ::setenv("ASAN_OPTIONS", options, 1);
      ::setenv("UBSAN_OPTIONS", options, 1);
      ::setenv("TSAN_OPTIONS", options, 1);
      const int out = ::open(output_.c_str(), O_WRONLY | O_CREAT, 0600), none = ::open("/dev/null", O_WRONLY);
      if (::chdir(directory_.path().c_str()) != 0 || ::dup2(out, 1) < 0 || ::dup2(none, 2) < 0) ::_exit(126);
      ::execl(WEIR_LOG_FATAL_CHILD, WEIR_LOG_FATAL_CHILD, scene, file_.c_str(), nullptr);
      ::_exit(127);
    }
    ::waitpid(child, &status_, 0);
  }
  int signal() const { return WIFSIGNALED(status_) ? WTERMSIG(status_) : 0; }
  bool dumped() const { return WIFSIGNALED(status_) && WCOREDUMP(status_); }
  int exit_status() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }
  std::string output() const { return contents_of(output_); }

  /// Whether the file has all that was logged: 1000 records and the last words.
  bool has_all() const {
    const auto lines = lines_of(file_);
    if (lines.size() != 1001 || !lines.back().ends_with("the last words")) return false;
    for (std::size_t i = 0; i < 1000; ++i)
      if (!lines[i].ends_with("] record " + std::to_string(i))) return false;
    return true;
  }

 private:
  temporary_directory directory_;
  std::string file_ = directory_.file("a.log"), output_ = directory_.file("out");
  int status_ = 0;
};

} // namespace

TEST_CASE("fatal signals: all that was logged is in the file, and the process dies of its crash",
          "[log][concurrent]") {
  const auto& [scene, signal] = GENERATE(values<std::pair<const char*, int>>({{"SIGSEGV", SIGSEGV},
                                                                              {"SIGBUS", SIGBUS},
                                                                              {"SIGFPE", SIGFPE},
                                                                              {"SIGILL", SIGILL},
                                                                              {"SIGABRT", SIGABRT},
                                                                              {"SIGSYS", SIGSYS},
                                                                              {"kill", SIGSEGV}}));
  INFO(scene);
  const crashed with(scene);
  CHECK(with.signal() == signal);
  CHECK(with.has_all());
}

TEST_CASE("fatal signals: there is a core dump where there is one without", "[log]") {
  const crashed without("plain SIGSEGV"), with("SIGSEGV");
  CHECK(without.signal() == SIGSEGV);
  CHECK(with.dumped() == without.dumped());
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // which read the text before, or need the stack
TEST_CASE("fatal signals: a record that a crash has left half written holds up none that is complete", "[log]") {
  const crashed process("amid_a_record");
  CHECK(process.signal() == SIGSEGV);
  CHECK(process.has_all());
}

TEST_CASE("fatal signals: a stack overflow is handled on the alternate stack", "[log]") {
  const crashed process("overflow");
  CHECK(process.signal() == SIGSEGV);
  CHECK(process.has_all());
}
#endif

TEST_CASE("fatal signals: a backend that crashes is not waited for, the others are", "[log][concurrent]") {
  const auto begun = std::chrono::steady_clock::now();
  const crashed process("in_a_sink");
  CHECK(process.signal() == SIGSEGV);
  CHECK(process.has_all());
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(50)); // the limit is a minute
}

TEST_CASE("fatal signals: of threads that crash at once one goes first", "[log][concurrent]") {
  const crashed process("at_once");
  CHECK((process.signal() == SIGSEGV || process.signal() == SIGFPE));
  CHECK(process.has_all());
}

TEST_CASE("fatal signals: the handler of before gets the signal as it was", "[log][concurrent]") {
  const crashed process("reporter");
  CHECK(process.exit_status() == 42);
  CHECK(process.output() == "signal 11 at 0x10\n");
  CHECK(process.has_all());
}

TEST_CASE("fatal signals: a program that survives one crash has the next one's records", "[log]") {
  const crashed process("goes_on");
  CHECK(process.signal() == SIGABRT);
  CHECK(process.has_all());
}

TEST_CASE("fatal signals: a sink that blocks holds a crash up for the limit only", "[log][concurrent]") {
  const crashed process("blocked_sink");
  CHECK(process.signal() == SIGSEGV);
  CHECK(process.has_all());
}

TEST_CASE("fatal signals: a forked child's crash is passed on at once", "[log]") {
  const auto begun = std::chrono::steady_clock::now();
  const crashed process("in_forked_child");
  CHECK(process.exit_status() == 0);
  CHECK(process.has_all());
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(50));
}

// A child whose pid is its parent's, in a namespace of its own (unshare --pid --fork), was taken for the parent.
TEST_CASE("fatal signals: a forked child in a pid namespace is none of its parent's", "[log]") {
  const crashed process("in_container");
  if (process.exit_status() == 77) {
    WARN("namespaces are not permitted here, or not with this sanitizer");
    return;
  }
  CHECK(process.exit_status() == 0);
  CHECK(process.has_all());
}

TEST_CASE("fatal signals: a limit outside its range is refused", "[log]") {
  using namespace std::chrono_literals;
  CHECK_THROWS_AS(weir::flush_on_fatal_signals({.limit = 0ms}), std::invalid_argument);
  CHECK_THROWS_WITH(weir::flush_on_fatal_signals({.limit = 61s}),
                    "fatal_signal_options.limit (ms) is 61000: it must be from 1 to 60000");
}
