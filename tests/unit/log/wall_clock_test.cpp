// The time of day under a system clock that is set and corrected: a program of its own, with clocks of its own.
#include "log/wall_clock.hpp"

#include "weir/log.hpp"
#include "weir/log/clock.hpp"

#include <catch2/catch.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <future>
#include <vector>

namespace {

constexpr std::int64_t ms = 1'000'000, second = 1000 * ms, hour = 3600 * second;

bool clocks_are_ours = false;
std::int64_t uptime = 0, time_asleep = 0, time_of_day = 0; // nanoseconds
// What the process's own monotonic clock lacks, in nanoseconds.
std::atomic<std::int64_t> counter_lacks{0};

/// For as long as it lives the process has the test's clocks, and records the monotonic one.
struct our_clocks {
  our_clocks() {
    clocks_are_ours = true;
    uptime = 1000 * second;
    time_asleep = 0;
    time_of_day = 1'795'219'200 * second;
    weir::detail::this_record_clock = weir::detail::record_clock::monotonic;
  }
  ~our_clocks() {
    clocks_are_ours = false;
    weir::detail::this_record_clock = before;
  }
  our_clocks(const our_clocks&) = delete;
  our_clocks& operator=(const our_clocks&) = delete;
  const weir::detail::record_clock before = weir::detail::this_record_clock;
};

void pass(std::int64_t nanoseconds) {
  uptime += nanoseconds;
  time_of_day += nanoseconds;
}

std::int64_t stamp(const weir::detail::wall_clock& clock, std::int64_t counted = uptime) {
  return clock.unix_nanoseconds(static_cast<std::uint64_t>(counted));
}

/// As the backend does it: in every round, when all before it is written.
void make_a_round(weir::detail::wall_clock& clock) { clock.keep_in_step(static_cast<std::uint64_t>(uptime)); }

void make_rounds(weir::detail::wall_clock& clock, int seconds) {
  for (int i = 0; i < seconds * 10; ++i) {
    pass(second / 10);
    make_a_round(clock);
  }
}

/// The record clock is the monotonic one, which others may set back.
struct counter_that_begins_anew {
  counter_that_begins_anew() { weir::detail::this_record_clock = weir::detail::record_clock::monotonic; }
  ~counter_that_begins_anew() {
    counter_lacks = 0;
    weir::detail::this_record_clock = before;
  }
  counter_that_begins_anew(const counter_that_begins_anew&) = delete;
  counter_that_begins_anew& operator=(const counter_that_begins_anew&) = delete;
  const weir::detail::record_clock before = weir::detail::this_record_clock;
};

} // namespace

extern "C" [[gnu::visibility("default")]] int clock_gettime(clockid_t which, timespec* result) noexcept {
  if (!clocks_are_ours) {
    const int error = static_cast<int>(::syscall(SYS_clock_gettime, which, result));
    // relaxed: who sets it back makes a log call, and waits for that record.
    if (which == CLOCK_MONOTONIC) result->tv_sec -= counter_lacks.load(std::memory_order_relaxed) / second;
    return error;
  }
  const std::int64_t now = which == CLOCK_REALTIME   ? time_of_day
                           : which == CLOCK_BOOTTIME ? uptime + time_asleep
                                                     : uptime;
  result->tv_sec = now / second;
  result->tv_nsec = now % second;
  return 0;
}

TEST_CASE("wall clock: a clock that is set is followed within a second, back as well as forth", "[log][clock]") {
  const our_clocks ours;
  weir::detail::wall_clock clock;
  const std::int64_t by = GENERATE(-hour, hour);
  pass(3 * second);
  make_a_round(clock);
  CHECK(std::abs(stamp(clock) - time_of_day) < ms);
  time_of_day += by;
  pass(second / 2);
  make_a_round(clock); // does not look yet
  CHECK(std::abs(stamp(clock) - (time_of_day - by)) < ms);
  pass(second);
  make_a_round(clock);
  CHECK(std::abs(stamp(clock) - time_of_day) < ms);
  for (int i = 0; i < 10; ++i) {
    pass(second);
    make_a_round(clock);
    CHECK(std::abs(stamp(clock) - time_of_day) < ms);
  }
}

TEST_CASE("wall clock: a correction of some milliseconds is made up for in seconds, and no time comes twice",
          "[log][clock]") {
  const our_clocks ours;
  weir::detail::wall_clock clock;
  const std::int64_t by = GENERATE(-40 * ms, 40 * ms);
  pass(3 * second);
  make_a_round(clock);
  time_of_day += by;
  std::int64_t before = stamp(clock);
  for (int i = 0; i < 15'000; ++i) {
    pass(ms);
    make_a_round(clock);
    if (stamp(clock) <= before) FAIL("after " << i << " ms: " << stamp(clock) - before);
    before = stamp(clock);
  }
  CHECK(std::abs(stamp(clock) - time_of_day) < ms);
}

TEST_CASE("wall clock: a slope that corrects the clock does not outlast the second that it is meant for",
          "[log][clock]") {
  const our_clocks ours;
  weir::detail::wall_clock clock;
  const int life = GENERATE(3, 60, 600); // a correction must not become part of the rate, however short that is known
  const std::int64_t by = GENERATE(-40 * ms, 40 * ms);
  make_rounds(clock, life);
  time_of_day += by;
  make_rounds(clock, 1);
  for (const std::int64_t idle : {60 * second, hour, 30 * hour}) {
    pass(idle);
    CHECK(std::abs(stamp(clock) - time_of_day) < ms);
    make_a_round(clock);
    CHECK(std::abs(stamp(clock) - time_of_day) < ms);
    make_rounds(clock, 3);
    CHECK(std::abs(stamp(clock) - time_of_day) < ms);
    // What the flight recorder kept may be as old as the process.
    CHECK(std::abs(stamp(clock, uptime - idle) - (time_of_day - idle)) < ms);
  }
}

TEST_CASE("wall clock: what was recorded long before a clock was set is told by the new time", "[log][clock]") {
  const our_clocks ours;
  weir::detail::wall_clock clock;
  make_rounds(clock, 5);
  pass(hour);
  time_of_day += hour;
  make_a_round(clock);
  CHECK(std::abs(stamp(clock) - time_of_day) < ms);
  CHECK(std::abs(stamp(clock, uptime - hour) - (time_of_day - hour)) < ms);
  make_rounds(clock, 5);
  CHECK(std::abs(stamp(clock, uptime - hour) - (time_of_day - hour)) < ms);
}

TEST_CASE("wall clock: a counter that stands still while the machine sleeps keeps its rate", "[log][clock]") {
  const our_clocks ours;
  weir::detail::wall_clock clock;
  make_rounds(clock, 60);
  const std::int64_t asleep = GENERATE(10 * second, 8 * hour);
  time_of_day += asleep;
  time_asleep += asleep;
  make_rounds(clock, 3);
  CHECK(std::abs(stamp(clock) - time_of_day) < ms);
  pass(hour);
  CHECK(std::abs(stamp(clock) - time_of_day) < ms);
  make_rounds(clock, 3);
  CHECK(std::abs(stamp(clock, uptime - hour) - (time_of_day - hour)) < ms);
}

TEST_CASE("wall clock: a counter that begins anew has the right time, and what it counted before keeps its own",
          "[log][clock]") {
  const our_clocks ours;
  uptime = 100 * hour;
  weir::detail::wall_clock clock;
  make_rounds(clock, 5);
  const std::int64_t last_count = uptime, last_time = time_of_day;
  uptime = 2 * second;
  time_asleep = 105 * hour;
  time_of_day += 5 * hour;
  clock.begin_anew(static_cast<std::uint64_t>(last_count));
  for (int i = 0; i < 3; ++i) {
    CHECK(std::abs(stamp(clock) - time_of_day) < ms);
    CHECK(std::abs(stamp(clock, last_count + ms) - last_time) < 2 * ms);
    make_rounds(clock, 5);
  }
  pass(60 * hour); // it is about to come there again
  make_a_round(clock);
  pass(40 * hour);
  CHECK(std::abs(stamp(clock) - time_of_day) < ms);
}

TEST_CASE("wall clock: no record is held up, or has a wrong time, when the record clock begins anew",
          "[log][clock]") {
  using namespace std::chrono_literals;
  const counter_that_begins_anew counter;
  std::vector<std::int64_t> times;
  std::promise<void> first_is_written, go_on;
  weir::log_stream stream({.sinks = {weir::callback_sink([&](const weir::record& record) {
                             times.push_back(record.unix_nanoseconds());
                             if (times.size() > 1) return;
                             first_is_written.set_value();
                             go_on.get_future().wait();
                           })}});
  const weir::logger& log = stream.get_logger("clock");
  WEIR_INFO(log, "first");
  first_is_written.get_future().wait();
  WEIR_INFO(log, "before");
  counter_lacks = 60 * second;
  WEIR_INFO(log, "after");
  go_on.set_value();
  CHECK(stream.flush(90s).complete); // of which 60 are past
  REQUIRE(times.size() == 3);
  const std::int64_t now = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  for (const std::int64_t time : times) CHECK(std::abs(time - now) < 30 * second);
}
