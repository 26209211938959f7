// The time of day under a system clock that is set and corrected: a program of its own, with clocks of its own.
#include "log/wall_clock.hpp"

#include "weir/log/clock.hpp"

#include <catch2/catch.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t ms = 1'000'000, second = 1000 * ms, hour = 3600 * second;

bool clocks_are_ours = false;
std::int64_t uptime = 0, time_of_day = 0; // nanoseconds

/// For as long as it lives the process has the test's clocks, and records the monotonic one.
struct our_clocks {
  our_clocks() {
    clocks_are_ours = true;
    uptime = 1000 * second;
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

std::int64_t stamp(const weir::detail::wall_clock& clock) {
  return clock.unix_nanoseconds(static_cast<std::uint64_t>(uptime));
}

/// As the backend does it: in every round, when all before it is written.
void make_a_round(weir::detail::wall_clock& clock) { clock.keep_in_step(static_cast<std::uint64_t>(uptime)); }

} // namespace

extern "C" [[gnu::visibility("default")]] int clock_gettime(clockid_t which, timespec* result) noexcept {
  if (!clocks_are_ours) return static_cast<int>(::syscall(SYS_clock_gettime, which, result));
  const std::int64_t now = which == CLOCK_REALTIME ? time_of_day : uptime;
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
