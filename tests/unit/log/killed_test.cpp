// Files that several processes write, one of which may be killed.
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

/// A child that logs, see fatal_child.cpp.
class writer {
 public:
  writer(const char* scene, const std::string& file) : process_(::fork()) {
    if (process_ != 0) return;
    ::execl(WEIR_LOG_FATAL_CHILD, WEIR_LOG_FATAL_CHILD, scene, file.c_str(), nullptr);
    ::_exit(127);
  }
  void kill() const { ::kill(process_, SIGKILL); }
  int wait() const {
    int status = 0;
    ::waitpid(process_, &status, 0);
    return status;
  }

 private:
  ::pid_t process_;
};

/// The N of "… [name] record N end"; -1 of another line, or one of a different shape.
long number_in(const std::string& line, const std::string& name) {
  const std::string before = "Z info  [" + name + "] record ";
  const std::size_t at = line.find(before);
  if (at != std::size_t{26} || !line.ends_with(" end")) return -1;
  char* end = nullptr;
  const long number = std::strtol(line.c_str() + at + before.size(), &end, 10);
  return std::string(end) == " end" ? number : -1;
}

} // namespace

TEST_CASE("killed: SIGKILL leaves whole lines but for the last, and the next process begins one of its own",
          "[log][sink]") {
  const temporary_directory directory;
  const std::string file = directory.file("a.log");
  const writer killed("for_ever A", file);
  std::error_code not_yet;
  while (!(std::filesystem::file_size(file, not_yet) > 500'000) || not_yet) ::usleep(1000);
  killed.kill();
  CHECK(WTERMSIG(killed.wait()) == SIGKILL);
  const std::vector<std::string> left = lines_of(file);
  const bool torn = left.back().starts_with("(torn)");
  for (std::size_t i = 0; i + (torn ? 1 : 0) < left.size(); ++i)
    if (number_in(left[i], "A") != static_cast<long>(i)) FAIL(left[i]);
  // A kill seldom tears a line.
  if (!torn) std::ofstream(file, std::ios::app) << "2026-11-22T10:00:00.0000";
  CHECK(writer("some B", file).wait() == 0);
  const std::vector<std::string> all = lines_of(file);
  REQUIRE(all.size() == left.size() + (torn ? 0 : 1) + 5000);
  for (long i = 0; i < 5000; ++i)
    if (number_in(all[all.size() - 5000 + static_cast<std::size_t>(i)], "B") != i) FAIL(i);
}

TEST_CASE("killed: two processes that append to one file have all their lines in it, whole", "[log][sink]") {
  const temporary_directory directory;
  const std::string file = directory.file("a.log");
  const writer a("some A", file), b("some B", file);
  CHECK(a.wait() == 0);
  CHECK(b.wait() == 0);
  long next_a = 0, next_b = 0;
  for (const auto& line : lines_of(file)) {
    if (number_in(line, "A") == next_a)
      ++next_a;
    else if (number_in(line, "B") == next_b)
      ++next_b;
    else
      FAIL(line);
  }
  CHECK(next_a == 5000);
  CHECK(next_b == 5000);
}
