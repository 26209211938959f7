// A process's whole life with a log, and what only a process of its own can show.
#include "weir/log/stream.hpp"

#include "run_program.hpp"
#include "temporary_directory.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

class child {
 public:
  explicit child(const std::string& scene, const std::string& environment = "")
      : file_(directory_.file("a.log")),
        result_(run_program(fmt::format("{} {} {} {}", environment, WEIR_LOG_CHILD, scene, file_))) {}
  int status() const { return result_.status; }
  const std::string& output() const { return result_.output; }
  std::vector<std::string> lines() const { return lines_of(file_); }

 private:
  temporary_directory directory_;
  std::string file_;
  program_result result_;
};

constexpr int not_permitted = 77;

} // namespace

TEST_CASE("lifecycle: a program that returns from main has all its lines", "[log][lifecycle]") {
  const child program("return");
  CHECK(program.status() == 0);
  const auto lines = program.lines();
  REQUIRE(lines.size() == 100'000);
  CHECK(lines.back().ends_with("record 99999"));
}

TEST_CASE("lifecycle: a program that calls std::exit in some thread has all its lines", "[log][lifecycle]") {
  const child program("exit");
  CHECK(program.status() == 0);
  const auto lines = program.lines();
  REQUIRE(lines.size() == 100'000);
  CHECK(lines.back().ends_with("record 99999"));
}

TEST_CASE("lifecycle: a program that calls std::quick_exit has all its lines", "[log][lifecycle]") {
  const child program("quick-exit");
  CHECK(program.status() == 0);
  const auto lines = program.lines();
  REQUIRE(lines.size() == 100'000);
  CHECK(lines.back().ends_with("record 99999"));
}

TEST_CASE("lifecycle: static destructors may log", "[log][lifecycle]") {
  const child program("static-destructor");
  CHECK(program.status() == 0);
  const auto lines = program.lines();
  REQUIRE(lines.size() == 2000);
  CHECK(lines.back().ends_with("static destructor 999"));
}

TEST_CASE("lifecycle: the process's log may be closed before its end", "[log][lifecycle]") {
  const child program("closed-and-return");
  CHECK(program.status() == 0);
  CHECK(program.lines().size() == 1000);
}

TEST_CASE("lifecycle: the process's log cannot be started twice", "[log][lifecycle]") {
  CHECK(child("started-twice").status() == 0);
}

TEST_CASE("lifecycle: a forked child neither hangs nor writes the parent's records", "[log][lifecycle]") {
  // LeakSanitizer does not see in the child what the parent's threads hold.
  const child program("fork", "ASAN_OPTIONS=detect_leaks=0");
  CHECK(program.status() == 0);
  CHECK(program.lines().size() == 20);
}

TEST_CASE("lifecycle: a forked child says at its exit what it has logged to nobody", "[log][lifecycle]") {
  const temporary_directory directory;
  const auto command =
      fmt::format("ASAN_OPTIONS=detect_leaks=0 {} fork {} 2>&1", WEIR_LOG_CHILD, directory.file("a"));
  CHECK(run_program(command).output ==
        "weir: 10000 records of this process, a forked child, were logged to its parent's log and dropped\n");
}

TEST_CASE("lifecycle: where the kernel forbids membarrier nothing is lost, and idling is cheap", "[log][lifecycle]") {
  const child program("without-membarrier");
  if (program.status() == not_permitted) {
    WARN("a seccomp filter is not permitted here");
    return;
  }
  CHECK(program.status() == 0);
  CHECK(program.lines().size() == 20'002);
}

TEST_CASE("hot path: in steady state a producer makes no system calls", "[log][hot_path]") {
  const child program("system-calls");
  if (program.status() == not_permitted) {
    WARN("a seccomp filter is not permitted here");
    return;
  }
  REQUIRE(program.status() == 0);
  CHECK(program.lines().size() == 600'000);
  // Half a million records. The few that are allowed: where the producer was kept off its core for so long that the
  // backend went to sleep, it has to wake it.
  INFO("system calls: " << program.output());
  CHECK(std::stoi(program.output()) <= 20);
}

#ifdef WEIR_LOG_ALLOCATION_CHILD
TEST_CASE("hot path: in steady state a producer allocates nothing", "[log][hot_path]") {
  const temporary_directory directory;
  const auto result =
      run_program(fmt::format("{} steady-state {}", WEIR_LOG_ALLOCATION_CHILD, directory.file("a.log")));
  CHECK(result.status == 0);
  CHECK(result.output == "0 counted\n");
}

TEST_CASE("hot path: a message that there is no memory to render is counted", "[log][hot_path]") {
  const auto result = run_program(fmt::format("{} call-out-of-memory - 2>/dev/null", WEIR_LOG_ALLOCATION_CHILD));
  CHECK(result.status == 0);
  CHECK(result.output == "3 accepted, 2 written, 1 unrenderable\n");
}

TEST_CASE("backend: it survives being out of memory, and loses nothing by it", "[log][backend]") {
  const auto result = run_program(fmt::format("{} backend-out-of-memory - 2>/dev/null", WEIR_LOG_ALLOCATION_CHILD));
  CHECK(result.status == 0);
  CHECK(result.output == "flushed, 4001 written, 0 dropped\n");
}

// It used to stay, without a name, and without sinks.
TEST_CASE("stream: a logger for which there is no memory is not there", "[log][stream]") {
  const auto result = run_program(fmt::format("{} logger - 2>/dev/null", WEIR_LOG_ALLOCATION_CHILD));
  CHECK(result.status == 0);
  CHECK(result.output == "each step survived\n");
}

// The line was in the ring with what had stood in its memory, and was not counted.
TEST_CASE("backend: a memory ring that has no memory for a line keeps to its limits", "[log][backend][sink]") {
  const auto result = run_program(fmt::format("{} ring - 2>/dev/null", WEIR_LOG_ALLOCATION_CHILD));
  CHECK(result.status == 0);
  CHECK(result.output == "each step survived\n");
}

// It used to end the process: std::filesystem's iterator meets the failure where nothing may be thrown.
TEST_CASE("backend: whatever it has no memory for while a file rotates, nothing is lost uncounted",
          "[log][backend][rotating]") {
  const temporary_directory directory;
  const std::string scene = GENERATE("rotation-by-number", "rotation-by-date");
  const auto result =
      run_program(fmt::format("{} {} {} 2>/dev/null", WEIR_LOG_ALLOCATION_CHILD, scene, directory.path()));
  CHECK(result.status == 0);
  CHECK(result.output == "each step survived\neach step survived\n");
}
#endif
