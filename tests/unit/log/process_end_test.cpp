// Before main and after it, threads that outlive it, exits and forks at odd moments: real processes, whose files are
// read.
#include "run_program.hpp"
#include "temporary_directory.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

class process {
 public:
  // LeakSanitizer does not see what threads hold that are still running, or that are the parent's.
  explicit process(const std::string& scene)
      : status_(run_program(fmt::format("LIFECYCLE_LOG={} ASAN_OPTIONS=detect_leaks=0 {} {} 2>/dev/null", file_,
                                        WEIR_LOG_LIFECYCLE_CHILD, scene))
                    .status) {}
  int status() const { return status_; }
  std::vector<std::string> lines() const { return lines_of(file_); }
  std::vector<std::string> lines_of_children() const { return lines_of(file_ + ".child"); }
  std::size_t count(std::string_view text) const {
    const auto all = lines();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const std::string& line) { return line.find(text) != line.npos; }));
  }

 private:
  temporary_directory directory_;
  std::string file_ = directory_.file("a.log");
  int status_;
};

constexpr std::size_t records_each = 100;

/// What three static objects log when they are made and when they go.
void check_statics(const process& ended) {
  for (const std::string_view name : {"early", "first", "second"}) {
    INFO(name);
    CHECK(ended.count(fmt::format("] constructor {} ", name)) == records_each);
    CHECK(ended.count(fmt::format("] destructor {} ", name)) == records_each);
  }
}

/// Whether the lines of `who` carry the numbers 0, 1, 2, …
bool runs_on(const std::vector<std::string>& lines, const std::string& who) {
  std::size_t next = 0;
  for (const auto& line : lines) {
    const auto at = line.find(who);
    if (at != line.npos && std::stoul(line.substr(at + who.size())) != next++) return false;
  }
  return next != 0;
}

} // namespace

TEST_CASE("process: static objects of several translation units log before main and after it", "[log][lifecycle]") {
  const process ended("nothing");
  CHECK(ended.status() == 0);
  check_statics(ended);
  CHECK(ended.lines().size() == 6 * records_each);
}

TEST_CASE("process: thread_local objects log when they go, in every order", "[log][lifecycle]") {
  const process ended("thread-locals");
  CHECK(ended.status() == 0);
  check_statics(ended);
  CHECK(ended.count("] thread end ") == 3 * 21);
  CHECK(ended.count("] thread end 2") == 21);
}

TEST_CASE("process: detached threads may log on while main returns", "[log][lifecycle]") {
  const process ended("detached-threads");
  CHECK(ended.status() == 0);
  check_statics(ended);
  const auto lines = ended.lines();
  for (int t = 0; t < 4; ++t) {
    CHECK(ended.count(fmt::format("detached {} ", t)) > 10'000);
    CHECK(runs_on(lines, fmt::format("detached {} ", t)));
  }
}

TEST_CASE("process: a thousand short threads that log to their end are all there", "[log][lifecycle]") {
  const process ended("short-threads");
  CHECK(ended.status() == 0);
  CHECK(ended.count("] short ") == 3000);
  CHECK(ended.count("] thread end ") == 3000);
}

TEST_CASE("process: what is logged after close() is counted, from wherever it comes", "[log][lifecycle]") {
  const process ended("after-close");
  CHECK(ended.status() == 0);
  CHECK(ended.count("] before") == 1);
  CHECK(ended.count("] after ") == 0);
}

TEST_CASE("process: exit() in a sink, on the log's own thread, does not hang", "[log][lifecycle]") {
  const process ended("exit-in-sink");
  CHECK(ended.status() == 0);
}

TEST_CASE("process: exit() in a thread, and again in an exit handler", "[log][lifecycle]") {
  const process ended("exit-in-exit-handler");
  CHECK(ended.status() == 0);
  check_statics(ended);
  CHECK(ended.count("] thread ") == 1000);
  CHECK(ended.count("] exit handler") == 1);
}

TEST_CASE("process: a terminate handler may flush", "[log][lifecycle]") {
  const process ended("uncaught");
  CHECK(ended.status() == 128 + 6);
  CHECK(ended.count("] before ") == 1000);
  CHECK(ended.count("] the last words") == 1);
}

TEST_CASE("process: abort() dumps core at once, and leaves whole lines", "[log][lifecycle]") {
  const process ended("aborted");
  CHECK(ended.status() == 128 + 6);
  const auto lines = ended.lines();
  CHECK((lines.empty() || lines.back().find("] ") != std::string::npos));
}

TEST_CASE("process: fork: the parent logs on, the child's use is counted, and it may start a log",
          "[log][lifecycle]") {
  const process ended("forked");
  CHECK(ended.status() == 0);
  check_statics(ended);
  const auto lines = ended.lines();
  for (int t = 0; t < 2; ++t) {
    const std::string who = fmt::format("] parent {} ", t);
    CHECK(runs_on(lines, who));
    const std::string total = fmt::format("] total {} {}", t, ended.count(who));
    CHECK(ended.count(total) == 1);
  }
  CHECK(ended.count("] child") == 0);
  const auto own = ended.lines_of_children();
  CHECK(std::ranges::count_if(own, [](const std::string& line) { return line.find("] own ") != line.npos; }) == 2000);
  for (int child = 0; child < 20; ++child) CHECK(runs_on(own, fmt::format("] own {} ", child)));
}

TEST_CASE("process: fork amid an overload leaves no lock behind", "[log][lifecycle]") {
  const process ended("forked-under-overload");
  CHECK(ended.status() == 0);
}
