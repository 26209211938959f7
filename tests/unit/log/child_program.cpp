// What can only be seen in a process of its own: usage: child_program SCENE FILE.
#include "weir/log.hpp"

#include <fmt/format.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

/// Constructed before the log is in use, so destroyed after it has been flushed at exit.
struct logs_when_destroyed {
  bool armed = false;
  ~logs_when_destroyed() {
    if (!armed) return;
    for (int i = 0; i < 1000; ++i) WEIR_INFO(weir::default_logger(), "static destructor {}", i);
    weir::default_log().flush();
  }
} static_object;

void start(const char* file) { weir::start_logging({.sinks = {weir::file_sink(file)}}); }

/// One line in each of some loggers, and the levels on standard output.
int levels_of_environment(const char* file) {
  weir::start_logging({.sinks = {weir::file_sink(file)}, .threshold = weir::level::warn, .levels = "db=off"});
  for (const auto* name : {"main", "http", "http.client", "db"}) weir::default_log().get_logger(name).debug("debug");
  std::printf("%s\n", weir::default_log().levels().c_str());
  return 0;
}

void log_some(int records) {
  for (int i = 0; i < records; ++i) WEIR_INFO(weir::default_logger(), "record {}", i);
}

bool install(sock_filter* filter, unsigned short length) {
  const sock_fprog program{.len = length, .filter = filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// From now on membarrier(2) fails, as it does in some sandboxes.
bool forbid_membarrier() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return install(filter, std::size(filter));
}

int without_membarrier(const char* file) {
  if (!forbid_membarrier()) return 77;
  {
    weir::log_stream stream({.sinks = {weir::file_sink(file)}});
    weir::logger& log = stream.get_logger("l");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 5000; ++i) WEIR_INFO(log, "record {}", i);
      });
    for (auto& each : threads) each.join();
    if (!stream.flush(std::chrono::minutes(1))) return 2;
    if (stream.stats().written != 20'000) return 3;
    // An idle backend may look now and then, but does not spin.
    const std::clock_t before = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    if (std::clock() - before > CLOCKS_PER_SEC / 10) return 4;
    WEIR_INFO(log, "a lone record");
    if (!stream.flush(std::chrono::minutes(1))) return 5;
    WEIR_INFO(log, "the last record");
    if (!stream.close(std::chrono::minutes(1))) return 6;
    if (stream.stats().written != 20'002) return 7;
  }
  return 0;
}

int in_forked_child() {
  log_some(10);
  weir::default_log().flush();
  const ::pid_t child = ::fork();
  if (child == 0) {
    // No backend here: nothing may hang, not even with the memory full.
    if (weir::default_log().flush(std::chrono::minutes(1))) ::_exit(2);
    const std::string text(10'000, 'x');
    for (int i = 0; i < 10'000; ++i) WEIR_INFO(weir::default_logger(), "{}", text);
    std::exit(0); // flushes at exit, where there is nothing to wait for
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  log_some(10);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) // whose signal handling makes system calls itself
constexpr std::uint32_t pass = 0x1000; // a sixth argument that the filter lets through; page-aligned, for mmap(2)
std::atomic<int> system_calls{0};

/// Counts a system call that the filter has turned into a signal, and makes it.
void count_and_make(int, siginfo_t* info, void* raw) {
  ++system_calls;
  auto& registers = static_cast<ucontext_t*>(raw)->uc_mcontext.gregs;
  long result = info->si_syscall;
  register long r10 asm("r10") = registers[REG_R10];
  register long r8 asm("r8") = registers[REG_R8];
  register long r9 asm("r9") = pass;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(registers[REG_RDI]), "S"(registers[REG_RSI]), "d"(registers[REG_RDX]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  registers[REG_RAX] = result;
}

/// From now on every system call of this thread is counted.
bool count_system_calls() {
  struct sigaction action {};
  action.sa_sigaction = count_and_make;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 3, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + 5 * sizeof(__u64)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, pass, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return install(filter, std::size(filter));
}

/// Logs half a million records and prints how many system calls the producer has made for that.
int system_calls_of_producer(const char* file) {
  weir::log_stream stream({.sinks = {weir::file_sink(file)}, .memory_limit_bytes = 4 << 20});
  weir::logger& log = stream.get_logger("l");
  constexpr std::uint64_t warm_up = 100'000, counted = 500'000, burst = 2000;
  bool installed = false;
  int made = 0;
  std::thread([&] {
    std::uint64_t done = 0;
    const auto run_until = [&](std::uint64_t end) {
      while (done < end) {
        for (std::uint64_t i = 0; i < burst; ++i, ++done)
          WEIR_INFO(log, "int: {}, text: {}", done, "some text", weir::field<"n">(0.5));
        while (stream.stats().written < done) {
        } // a steady state: the backend keeps up
      }
    };
    run_until(warm_up);
    installed = count_system_calls();
    if (!installed) return;
    run_until(warm_up + counted);
    made = system_calls;
  }).join();
  std::printf("%d\n", made);
  return installed ? 0 : 77;
}
#else
int system_calls_of_producer(const char*) { return 77; }
#endif

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const std::string_view scene = argv[1];
  const char* file = argv[2];
  if (scene == "without-membarrier") return without_membarrier(file);
  if (scene == "system-calls") return system_calls_of_producer(file);
  if (scene == "levels") return levels_of_environment(file);
  start(file);
  if (scene == "return") {
    log_some(100'000);
    return 0;
  }
  if (scene == "exit") {
    std::thread([] {
      log_some(100'000);
      std::exit(0); // not from the main thread
    }).join();
  }
  if (scene == "quick-exit") {
    log_some(100'000);
    std::quick_exit(0);
  }
  if (scene == "static-destructor") {
    static_object.armed = true;
    log_some(1000);
    return 0;
  }
  if (scene == "closed-and-return") {
    log_some(1000);
    weir::default_log().close(std::chrono::minutes(1));
    log_some(1000);
    return weir::default_log().stats().dropped_closed == 1000 ? 0 : 1;
  }
  if (scene == "started-twice") {
    try {
      start(file);
    } catch (const std::logic_error&) {
      return 0;
    }
    return 1;
  }
  if (scene == "fork") return in_forked_child();
  return 64;
}
