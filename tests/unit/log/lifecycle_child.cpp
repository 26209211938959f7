// Odd ends and beginnings of a process, one scene each: LIFECYCLE_LOG=FILE lifecycle_child SCENE. Exit status 0: all
// that is said here holds. Whatever happens, static objects in two translation units log before main and after it.
#include "lifecycle_child.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <latch>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using lifecycle::log;
using namespace std::chrono_literals;

lifecycle::static_speaker first("first");

/// Fails the scene.
void require(bool holds, int status) {
  if (!holds) ::_exit(status);
}

/// Logs when its thread's thread_local objects go.
struct speaks_at_thread_end {
  weir::logger* to = nullptr;
  ~speaks_at_thread_end() {
    if (to != nullptr)
      for (int i = 0; i < 3; ++i) WEIR_INFO(*to, "thread end {}", i);
  }
};
thread_local speaks_at_thread_end last_words;

int thread_locals() {
  last_words.to = &log();
  WEIR_INFO(log(), "main");
  for (int t = 0; t < 10; ++t)
    std::thread([] {
      last_words.to = &log(); // made before the thread logs: gone after the log's own thread_local objects
      WEIR_INFO(log(), "thread");
    }).join();
  for (int t = 0; t < 10; ++t)
    std::thread([] {
      WEIR_INFO(log(), "thread");
      last_words.to = &log(); // the other way round
    }).join();
  return 0;
}

int detached_threads() {
  static std::atomic<int> busy{0};
  for (int t = 0; t < 4; ++t)
    std::thread([t] {
      for (int i = 0;; ++i) {
        WEIR_INFO(log(), "detached {} {}", t, i);
        if (i == 10'000) ++busy;
        if (i > 10'000) weir::default_log().flush(); // at a measured pace
      }
    }).detach();
  while (busy != 4) std::this_thread::yield();
  return 0; // while they go on
}

int short_threads() {
  // More threads than chunks, four at a time.
  weir::log_stream stream({.sinks = {weir::file_sink(std::getenv("LIFECYCLE_LOG"))},
                           .memory_limit_bytes = 64 * 1024,
                           .chunk_bytes = 4096,
                           .record_limit_bytes = 4096});
  weir::logger& own = stream.get_logger("own");
  for (int round = 0; round < 250; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        last_words.to = &own;
        for (int i = 0; i < 3; ++i) WEIR_INFO(own, "short {}", i);
      });
    for (auto& each : threads) each.join();
  }
  require(stream.flush(1min).complete, 2);
  const auto stats = stream.stats();
  require(stats.accepted == 6000 && stats.written == 6000, 3);
  require(stats.memory_bytes <= 64 * 1024, 4);
  return 0;
}

int after_close() {
  WEIR_INFO(log(), "before");
  require(weir::default_log().close(1min).complete, 2);
  for (int i = 0; i < 50; ++i) WEIR_INFO(log(), "after {}", i);
  std::thread([] {
    last_words.to = &log();
    for (int i = 0; i < 50; ++i) WEIR_INFO(log(), "after {}", i);
  }).join();
  require(weir::default_log().stats().dropped_closed == 103, 3);
  const auto stats = weir::default_log().stats();
  require(stats.accepted == stats.written + stats.dropped(), 4);
  return 0;
}

/// Ends the process from within the log's own thread.
class exiting_sink final : public weir::sink {
 public:
  exiting_sink() : sink("exiting") {}
  void append(const weir::record&) override { std::exit(0); }
  weir::commit_result commit() override { return {}; }
};

int exit_in_sink() {
  WEIR_INFO(log(), "before");
  WEIR_INFO(weir::default_log().get_logger("doomed", {std::make_shared<exiting_sink>()}), "exit");
  for (;;) std::this_thread::sleep_for(1h);
}

int exit_in_exit_handler() {
  std::atexit([] {
    WEIR_INFO(log(), "exit handler");
    std::exit(0);
  });
  WEIR_INFO(log(), "before");
  std::thread([] {
    for (int i = 0; i < 1000; ++i) WEIR_INFO(log(), "thread {}", i);
    std::exit(1);
  }).join();
  return 2;
}

int uncaught() {
  std::set_terminate([] {
    weir::default_log().flush(10s);
    std::abort();
  });
  for (int i = 0; i < 1000; ++i) WEIR_INFO(log(), "before {}", i);
  std::thread([] {
    WEIR_ERROR(log(), "the last words");
    throw std::runtime_error("not caught");
  }).join();
  return 2;
}

int aborted() {
  for (int i = 0; i < 100'000; ++i) WEIR_INFO(log(), "before {}", i);
  std::abort();
}

/// What a child of fork() may do: log to its parent's stream, which is counted, and have a log of its own.
[[noreturn]] void as_forked_child(const char* file, int number) {
  ::alarm(100); // the parent's is not inherited
  weir::logger& inherited = log();
  const auto before = weir::default_log().stats();
  require(before.accepted == before.written + before.dropped(), 10);
  for (int i = 0; i < 5000; ++i) WEIR_INFO(inherited, "child {}", i);
  std::thread([&] {
    last_words.to = &inherited;
    for (int i = 0; i < 5000; ++i) WEIR_INFO(inherited, "child {}", i);
  }).join();
  WEIR_INFO(weir::default_log().get_logger("new in the child"), "child");
  const auto after = weir::default_log().stats();
  require(after.dropped_closed == before.dropped_closed + 10'004, 11);
  require(after.accepted == after.written + after.dropped(), 12);
  require(!weir::default_log().flush(1min), 13);
  require(!weir::default_log().close(1min), 14);
  weir::logger& own = weir::start_logging({.sinks = {weir::file_sink(file)}}).get_logger("own");
  require(&weir::default_log().get_logger("own") == &own, 15);
  for (int i = 0; i < 100; ++i) WEIR_INFO(own, "own {} {}", number, i);
  WEIR_INFO(inherited, "still nowhere");
  std::exit(0); // which writes its own log
}

#if defined(__SANITIZE_ADDRESS__)
/// GCC 12's AddressSanitizer does not hold its allocator's locks across fork(): a child would wait for ever for one
/// that another thread of the parent had just then. So there, and only there, the parent's threads rest meanwhile.
class work_mutex {
 public:
  /// For the threads, which let the one that forks go first: they take it again sooner than a sleeper wakes.
  void lock() {
    forking_.wait(true);
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }
  void lock_to_fork() {
    forking_ = true;
    mutex_.lock();
  }
  void unlock_after_fork() {
    mutex_.unlock();
    forking_ = false;
    forking_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> forking_{false};
};
void let_backend_rest() {
  weir::default_log().flush();
  std::this_thread::sleep_for(2ms); // it puts away what it flushed with
}
#else
struct work_mutex {
  void lock() {}
  void unlock() {}
  void lock_to_fork() {}
  void unlock_after_fork() {}
};
void let_backend_rest() {}
#endif

int forked() {
  constexpr int records = 20'000;
  const std::string file = std::string(std::getenv("LIFECYCLE_LOG")) + ".child";
  std::atomic<bool> over{false};
  work_mutex working;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {
      int i = 0;
      for (; i < records || !over; ++i) {
        const std::lock_guard hold(working);
        WEIR_INFO(log(), "parent {} {}", t, i);
        if (i % 100 == 0) weir::default_log().flush(); // at a measured pace
      }
      WEIR_INFO(log(), "total {} {}", t, i);
    });
  for (int number = 0; number < 20; ++number) {
    working.lock_to_fork();
    let_backend_rest();
    const ::pid_t child = ::fork();
    if (child == 0) as_forked_child(file.c_str(), number);
    working.unlock_after_fork();
    int status = 0;
    ::waitpid(child, &status, 0);
    require(WIFEXITED(status), 3);
    require(WEXITSTATUS(status) == 0, WEXITSTATUS(status));
  }
  over = true;
  for (auto& each : threads) each.join();
  return 0;
}

/// A sink that hangs for as long as it is told to.
class hanging_sink final : public weir::sink {
 public:
  hanging_sink() : sink("hanging") {}
  void append(const weir::record&) override { hangs.wait(true); }
  weir::commit_result commit() override { return {}; }
  std::atomic<bool> hangs{true};
};

int forked_under_overload() {
  const auto sink = std::make_shared<hanging_sink>();
  weir::log_stream stream(
      {.sinks = {sink}, .memory_limit_bytes = 64 * 1024, .chunk_bytes = 4096, .record_limit_bytes = 4096});
  weir::logger& own = stream.get_logger("own");
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (const auto policy : {weir::overflow_policy::block, weir::overflow_policy::block_with_limit,
                            weir::overflow_policy::drop_newest, weir::overflow_policy::drop_oldest}) {
    weir::logger& one = stream.get_logger(std::to_string(static_cast<int>(policy)));
    one.set_overflow({policy, 1ms});
    threads.emplace_back([&] {
      while (!over) WEIR_INFO(one, "some text that takes room");
    });
  }
  while (stream.stats().blocked_threads == 0 || stream.stats().dropped_queue_full == 0) std::this_thread::yield();
  for (int i = 0; i < 50; ++i) {
    const ::pid_t child = ::fork();
    if (child == 0) {
      const auto before = stream.stats().dropped_closed;
      for (int record = 0; record < 1000; ++record) WEIR_INFO(own, "child");
      ::_exit(stream.stats().dropped_closed == before + 1000 ? 0 : 5);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    require(WIFEXITED(status) && WEXITSTATUS(status) == 0, 5);
  }
  over = true;
  sink->hangs = false;
  sink->hangs.notify_all();
  for (auto& each : threads) each.join();
  require(stream.flush(1min).complete, 6);
  const auto stats = stream.stats();
  require(stats.accepted == stats.written + stats.dropped(), 7);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  ::alarm(100); // a hang is a failure of its own kind
  const std::map<std::string_view, std::function<int()>> scenes{
      {"nothing", [] { return 0; }},
      {"thread-locals", thread_locals},
      {"detached-threads", detached_threads},
      {"short-threads", short_threads},
      {"after-close", after_close},
      {"exit-in-sink", exit_in_sink},
      {"exit-in-exit-handler", exit_in_exit_handler},
      {"uncaught", uncaught},
      {"aborted", aborted},
      {"forked", forked},
      {"forked-under-overload", forked_under_overload},
  };
  const auto scene = argc == 2 ? scenes.find(argv[1]) : scenes.end();
  return scene == scenes.end() ? 64 : scene->second();
}
