// Crashes in many ways, or logs until it is killed: usage: fatal_child SCENE FILE.
#include "weir/log.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;

namespace {

[[gnu::noinline]] void bad_access() {
  volatile std::uintptr_t nowhere = 0x10;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

void beyond_the_file() {
  std::FILE* const empty = std::tmpfile();
  void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ::fileno(empty), 0);
  *static_cast<volatile char*>(page) = 1;
}

__attribute__((no_sanitize("undefined"), noinline)) void division() {
  volatile int zero = 0;
  volatile int result = 1000 / zero; // 1 would be compared, not divided
  static_cast<void>(result);
}

int endless(int depth);
int (*volatile one_more)(int) = endless; // or the compiler sees that it has no end

int endless(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  return one_more(depth + 1) + frame[0];
}

const std::map<std::string, std::function<void()>> crashes{
    {"SIGSEGV", bad_access},
    {"SIGBUS", beyond_the_file},
    {"SIGFPE", division},
    {"SIGILL", [] { __builtin_trap(); }},
    {"SIGABRT", [] { std::abort(); }},
    {"SIGSYS", [] { ::raise(SIGSYS); }},
    {"kill", [] { ::kill(::getpid(), SIGSEGV); }},
    {"overflow", [] { endless(0); }},
};

weir::log_stream& start(const char* file) { return weir::start_logging({.sinks = {weir::file_sink(file)}}); }

void last_words() {
  for (int i = 0; i < 1000; ++i) WEIR_INFO(weir::default_logger(), "record {}", i);
  WEIR_CRITICAL(weir::default_logger(), "the last words");
}

int simply(const char* file, const std::string& how, bool flushes) {
  start(file);
  if (flushes) weir::flush_on_fatal_signals({.limit = 30s});
  last_words();
  crashes.at(how)();
  return 0;
}

/// The crashing thread stands amid a record of its own: what it logs cannot be read.
int amid_a_record(const char* file) {
  start(file);
  weir::flush_on_fatal_signals({.limit = 30s});
  last_words();
  volatile std::uintptr_t nowhere = 0x10;
  const std::string_view dangling(reinterpret_cast<const char*>(nowhere), 100);
  WEIR_INFO(weir::default_logger(), "never read {}", dangling);
  return 0;
}

/// On the backend's own thread, while another stream has something to write. Waited for, it would take the limit.
int in_a_sink(const char* file) {
  start(file);
  weir::flush_on_fatal_signals({.limit = 1min});
  weir::log_stream other({.sinks = {weir::callback_sink([](const weir::record&) {
                            last_words();
                            bad_access();
                          })}});
  other.get_logger("x").info("the sink crashes");
  other.flush(1min);
  return 0;
}

int at_once(const char* file) {
  start(file);
  weir::flush_on_fatal_signals({.limit = 10s});
  last_words();
  std::atomic<int> ready{0};
  const auto crash = [&](const char* how) {
    const weir::alternate_signal_stack stack;
    ++ready;
    while (ready < 2) std::this_thread::yield();
    crashes.at(how)();
  };
  std::thread first(crash, "SIGSEGV"), second(crash, "SIGFPE");
  first.join();
  second.join();
  return 0;
}

/// The handler of before sees what it would have seen without ours.
int reporter(const char* file) {
  struct sigaction own {};
  own.sa_flags = SA_SIGINFO;
  own.sa_sigaction = [](int signal, siginfo_t* info, void*) {
    std::printf("signal %d at %p\n", signal, info->si_addr);
    std::fflush(stdout);
    ::_exit(42);
  };
  ::sigaction(SIGSEGV, &own, nullptr);
  return simply(file, "SIGSEGV", true);
}

::sigjmp_buf place; // NOLINT: a jump needs it

/// A handler of before that goes on; and another crash later.
int goes_on(const char* file) {
  struct sigaction own {};
  own.sa_handler = [](int) { ::siglongjmp(place, 1); };
  ::sigaction(SIGSEGV, &own, nullptr);
  start(file);
  weir::flush_on_fatal_signals({.limit = 30s});
  if (sigsetjmp(place, 1) == 0) bad_access();
  last_words();
  std::abort();
}

int blocked_sink(const char* file) {
  start(file);
  weir::flush_on_fatal_signals({.limit = 100ms});
  weir::log_stream other({.sinks = {weir::callback_sink([](const weir::record&) {
                            for (;;) ::pause();
                          })}});
  other.get_logger("x").info("the sink blocks");
  last_words();
  bad_access();
  return 0;
}

/// Lines to be told apart from another process's.
int numbered(const char* file, const std::string& name, std::uint64_t records) {
  weir::logger& log = start(file).get_logger(name);
  for (std::uint64_t i = 0; i < records; ++i) WEIR_INFO(log, "record {} end", i);
  return 0;
}

/// Exit status 0 if a child, which has neither backend nor watcher, dies of its own crash, and its parent logs on.
int in_forked_child(const char* file) {
  start(file);
  weir::flush_on_fatal_signals({.limit = 1min});
  const ::pid_t child = ::fork();
  if (child == 0) bad_access();
  int status = 0;
  ::waitpid(child, &status, 0);
  last_words();
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 0 : 1;
}

/// The same, where parent and child have the same pid, each in its namespace; 77 where that is not permitted, or where
/// a child may find memory locked by a thread that it does not have, as with GCC 12's sanitizers.
int in_container(const char* file) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 77;
#endif
  if (::unshare(CLONE_NEWPID) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return 77;
  const ::pid_t container = ::fork();
  if (container == 0) {
    start(file);
    weir::flush_on_fatal_signals({.limit = 1min});
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(77);
    const ::pid_t child = ::fork();
    if (child == 0) {
      if (::getpid() != 1) ::_exit(2);
      weir::start_logging({.sinks = {weir::null_sink()}}); // throws if it takes the parent's for its own
      weir::flush_on_fatal_signals({.limit = 1s});
      WEIR_INFO(weir::default_logger(), "of the child");
      ::_exit(weir::default_log().flush(1min) ? 5 : 3);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    last_words();
    std::exit(WIFEXITED(status) && WEXITSTATUS(status) == 5 ? 0 : 1); // which writes the log
  }
  int status = 0;
  ::waitpid(container, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

} // namespace

int main(int, char** arguments) {
  const std::string scene = arguments[1];
  const char* const file = arguments[2];
  if (scene == "amid_a_record") return amid_a_record(file);
  if (scene == "in_a_sink") return in_a_sink(file);
  if (scene == "at_once") return at_once(file);
  if (scene == "reporter") return reporter(file);
  if (scene == "goes_on") return goes_on(file);
  if (scene == "blocked_sink") return blocked_sink(file);
  if (scene == "in_forked_child") return in_forked_child(file);
  if (scene == "in_container") return in_container(file);
  if (scene.starts_with("for_ever ")) return numbered(file, scene.substr(9), UINT64_MAX);
  if (scene.starts_with("some ")) return numbered(file, scene.substr(5), 5000);
  if (scene.starts_with("plain ")) return simply(file, scene.substr(6), false);
  return simply(file, scene, true);
}
