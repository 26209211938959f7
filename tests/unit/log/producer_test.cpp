// What becomes of a record whose thread is stopped in the middle of writing it, and of one that finds nobody awake.
#include "weir/log/producer.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <string_view>
#include <thread>

namespace {

/// An argument whose thread stands still while it is copied into its record.
struct stopping {
  std::latch* reached;
  std::latch* go_on;
};

/// How often the backend's thread has gone to sleep so far.
long sleeps_of_backend() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string word;
    std::ifstream(task.path() / "comm") >> word;
    if (word != std::string_view("weir-log")) continue;
    std::ifstream status(task.path() / "status");
    while (status >> word)
      if (word == std::string_view("voluntary_ctxt_switches:")) {
        long count = 0;
        status >> count;
        return count;
      }
  }
  return -1;
}

/// Returns when the backend has stopped looking for work: its longest rest between two looks is a few milliseconds.
void wait_until_backend_sleeps() {
  using namespace std::chrono_literals;
  for (long last = -2, now = sleeps_of_backend(); now != last; last = now, now = sleeps_of_backend())
    std::this_thread::sleep_for(50ms);
}

} // namespace

template <>
inline constexpr bool weir::copy_safe<stopping> = true;
template <>
struct weir::detail::codec<stopping> {
  using encoded = int;
  static std::size_t size(const stopping&) noexcept { return sizeof(int); }
  static std::byte* write(std::byte* at, const stopping& s) noexcept {
    s.reached->count_down();
    s.go_on->wait();
    return codec<int>::write(at, 7);
  }
};
template <>
struct fmt::formatter<stopping> : fmt::formatter<int> {};

TEST_CASE("producer: one that stops amid a record holds up the log for a while only", "[log][producer][concurrent]") {
  captured_stream test;
  std::latch reached(1), go_on(1);
  std::thread stopped([&] { WEIR_INFO(test.log(), "stopped {}", stopping{&reached, &go_on}); });
  reached.wait();
  WEIR_INFO(test.log(), "after it");
  CHECK(test.stream().flush(std::chrono::minutes(1)));
  CHECK(test.sink().lines() == std::vector<std::string>{"after it"});
  go_on.count_down();
  stopped.join();
  CHECK(test.lines() == std::vector<std::string>{"after it", "stopped 7"});
  CHECK(test.stream().stats().accepted == 2);
  CHECK(test.stream().stats().written == 2);
}

TEST_CASE("producer: a flush waits for a record that is being written", "[log][producer][concurrent]") {
  captured_stream test;
  std::latch reached(1), go_on(1);
  std::thread stopped([&] { WEIR_INFO(test.log(), "stopped {}", stopping{&reached, &go_on}); });
  reached.wait();
  WEIR_INFO(test.log(), "after it");
  CHECK_FALSE(test.stream().flush(std::chrono::milliseconds(20)));
  go_on.count_down();
  stopped.join();
  CHECK(test.lines() == std::vector<std::string>{"stopped 7", "after it"}); // in time order
}

TEST_CASE("producer: one that is still amid a record when its stream ends is counted once",
          "[log][producer][concurrent]") {
  captured_stream test;
  std::latch reached(1), go_on(1);
  std::thread stopped([&] {
    WEIR_INFO(test.log(), "before");
    WEIR_INFO(test.log(), "stopped {}", stopping{&reached, &go_on});
    WEIR_INFO(test.log(), "after");
  });
  reached.wait();
  CHECK(test.stream().close(std::chrono::minutes(1)));
  CHECK(test.stream().stats().dropped_closed == 1);
  go_on.count_down();
  stopped.join();
  const auto stats = test.stream().stats();
  CHECK(stats.dropped_closed == 2);
  CHECK(stats.accepted == 3);
  CHECK(test.sink().lines() == std::vector<std::string>{"before"});
}

TEST_CASE("producer: one that finds its stream closing withdraws its record", "[log][producer][concurrent]") {
  captured_stream test;
  std::latch reached(1), go_on(1);
  std::thread stopped([&] {
    WEIR_INFO(test.log(), "stopped {}", stopping{&reached, &go_on});
    WEIR_INFO(test.log(), "after");
  });
  reached.wait();
  CHECK_FALSE(test.stream().close(std::chrono::milliseconds(0)));
  go_on.count_down();
  stopped.join();
  CHECK(test.stream().close(std::chrono::minutes(1)));
  const auto stats = test.stream().stats();
  CHECK(stats.dropped_closed == 2);
  CHECK(stats.accepted == 2);
  CHECK(test.sink().lines().empty());
}

TEST_CASE("producer: a lone record wakes a backend that sleeps", "[log][producer][concurrent]") {
  captured_stream test;
  for (std::size_t i = 1; i <= 5; ++i) {
    wait_until_backend_sleeps();
    if (i % 2 == 0)
      WEIR_INFO(test.log(), "lone");
    else
      std::thread([&] { WEIR_INFO(test.log(), "lone, of a new thread"); }).join();
    while (test.sink().size() < i) std::this_thread::yield(); // no flush, which would wake the backend too
  }
}

TEST_CASE("producer: an idle stream's backend sleeps without looking up", "[log][producer][concurrent]") {
  captured_stream test;
  test.log().info("x");
  wait_until_backend_sleeps();
  const long before = sleeps_of_backend();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  CHECK(sleeps_of_backend() == before);
}
