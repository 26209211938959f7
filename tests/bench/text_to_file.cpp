// Times how long one subject takes from the first log call until all lines are in the file; then checks every line.
//
//   text_to_file --subject weir --records 2000000 --file /dev/shm/text_to_file.log
#include "measuring/options.hpp"
#include "measuring/result.hpp"
#include "subjects/subject.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <stdexcept>

namespace {

/// Of all the process's threads so far.
std::uint64_t processor_nanoseconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(spent.tv_nsec);
}

constexpr std::size_t time_size = std::string_view("2026-11-21T20:04:21.139357Z").size();

/// Everything but the digits of the time has to be the same for all subjects, or their speeds cannot be compared.
void check_lines(const std::string& path, std::uint64_t records) {
  std::ifstream file(path);
  std::string line;
  fmt::memory_buffer expected;
  std::uint64_t i = 0;
  for (; std::getline(file, line); ++i) {
    expected.clear();
    fmt::format_to(fmt::appender(expected), " info  [main] request int: {}, int: {}, double: {}", i, i + 1,
                   bench::fraction(i));
    if (line.size() < time_size ||
        std::string_view(line).substr(time_size) != std::string_view(expected.data(), expected.size()))
      throw std::runtime_error(fmt::format("line {} of {} is not what was logged: '{}'", i + 1, path, line));
  }
  if (i != records) throw std::runtime_error(fmt::format("{} has {} lines of {}", path, i, records));
}

void run(const bench::options& options) {
  const std::string& name = options.text("--subject");
  const std::string& path = options.text("--file");
  const std::uint64_t records = options.number("--records");
  std::remove(path.c_str());
  const auto subject = bench::open_subject(name, path);
  const std::uint64_t spent_before = processor_nanoseconds();
  const std::uint64_t begin = bench::monotonic_nanoseconds();
  subject->log_lines(0, records);
  subject->finish();
  const std::uint64_t end = bench::monotonic_nanoseconds();
  const std::uint64_t spent = processor_nanoseconds() - spent_before;
  check_lines(path, records);
  std::remove(path.c_str());
  bench::print({"text_to_file", "int_int_double", name, "records_per_s", "records/s",
                static_cast<double>(records) / (static_cast<double>(end - begin) / 1e9)});
  bench::print({"text_to_file", "int_int_double", name, "ns_per_op", "ns",
                static_cast<double>(spent) / static_cast<double>(records)});
}

} // namespace

int main(int count, char** words) {
  try {
    run({count, words, {{"--subject", "weir"}, {"--records", "2000000"}, {"--file", "text_to_file.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "text_to_file: %s\n", error.what());
    return 1;
  }
}
