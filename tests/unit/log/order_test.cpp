// Across threads records are written in the order of their times, whatever the backend does between a call's reading
// of the clock and its announcement.
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace {

enum phase : int { idle, logging, stopped, going_on, ended };
constinit std::atomic<int> stage{idle};

/// Holds its thread up wherever it is, until it may go on.
extern "C" void stop_here(int) {
  stage.store(stopped);
  while (stage.load() == stopped) ::sched_yield();
  stage.store(idle);
}

} // namespace

TEST_CASE("order: a thread that is stopped amid a log call does not write into the past", "[log][order]") {
  struct sigaction stop {};
  struct sigaction before {};
  stop.sa_handler = &stop_here;
  REQUIRE(::sigaction(SIGUSR2, &stop, &before) == 0);

  std::int64_t last = 0; // the backend's, until the stream is closed
  int falls = 0;
  weir::log_stream stream({.sinks = {weir::callback_sink([&](const weir::record& entry) {
                             if (entry.unix_nanoseconds() < last) ++falls;
                             last = entry.unix_nanoseconds();
                           })}});
  weir::logger& log = stream.get_logger("l");

  stage.store(idle);
  std::atomic<int> calls{0};
  std::thread busy([&] {
    for (int now = stage.load(); now != ended; now = stage.load(std::memory_order_relaxed)) {
      if (now == logging) {
        WEIR_INFO(log, "busy");
        calls.store(calls.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      } else {
        ::sched_yield();
      }
    }
  });
  // Where the signal meets it is chance, but mostly between the clock, which a core waits for, and the announcement.
  for (int round = 0; round < 24; ++round) {
    const int seen = calls.load(std::memory_order_relaxed);
    stage.store(logging);
    while (calls.load(std::memory_order_relaxed) - seen < 20) ::sched_yield();
    ::pthread_kill(busy.native_handle(), SIGUSR2);
    while (stage.load() != stopped) ::sched_yield();
    log.info("later");
    stream.flush(std::chrono::milliseconds(30)); // in vain if it was stopped amid its record
    stage.store(going_on);
    while (stage.load() != idle) ::sched_yield();
  }
  stage.store(ended);
  busy.join();
  CHECK(stream.close(std::chrono::minutes(1)));
  CHECK(falls == 0);
  ::sigaction(SIGUSR2, &before, nullptr);
}
