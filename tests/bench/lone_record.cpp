// Times a record that nobody hurries, from before its log call until its line is in the file.
//
//   lone_record --subject weir --silence alone --records 20 --file /dev/shm/lone_record.log
//
// --silence alone: 250 ms before each record, in which a backend falls asleep; often: 0 to 50 ms, at random.
// The file is watched from the producer's core, which has nothing else to do after the call.
#include "measuring/options.hpp"
#include "measuring/percentile.hpp"
#include "measuring/result.hpp"
#include "measuring/ticks.hpp"
#include "subjects/subject.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <random>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace {

constexpr std::uint64_t patience_ns = 10'000'000'000;
/// Not counted: the file's first page, the thread's first chunk.
constexpr std::uint64_t warm_up_records = 2;

off_t size_of(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) throw std::system_error(errno, std::system_category(), path);
  return file.st_size;
}

std::uint64_t time_record(bench::subject& subject, std::uint64_t i, const std::string& path) {
  const off_t size_before = size_of(path);
  const std::uint64_t begin = bench::monotonic_nanoseconds();
  subject.log_lines(i, 1);
  while (size_of(path) == size_before)
    if (bench::monotonic_nanoseconds() - begin > patience_ns)
      throw std::runtime_error("the line was not in the file after 10 s");
  return bench::monotonic_nanoseconds() - begin;
}

/// The pause before each record, milliseconds.
std::uniform_int_distribution<int> parse_silence(const std::string& name) {
  if (name == "alone") return std::uniform_int_distribution<int>(250, 250);
  if (name == "often") return std::uniform_int_distribution<int>(0, 50);
  throw std::invalid_argument("--silence: '" + name + "' is neither alone nor often");
}

void run(const bench::options& options) {
  const std::string& name = options.text("--subject");
  const std::string& path = options.text("--file");
  const std::string& silence = options.text("--silence");
  const std::uint64_t records = options.number("--records");
  auto pause = parse_silence(silence);
  std::remove(path.c_str());
  const auto subject = bench::open_subject(name, path);
  std::mt19937 random; // the same pauses for all subjects
  std::vector<std::uint64_t> taken;
  for (std::uint64_t i = 0; i < warm_up_records + records; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(pause(random)));
    const std::uint64_t took = time_record(*subject, i, path);
    if (i >= warm_up_records) taken.push_back(took);
  }
  subject->finish();
  std::remove(path.c_str());

  std::ranges::sort(taken);
  for (const auto& [metric, share] : {std::pair{"p50", 0.5}, {"p99", 0.99}})
    bench::print({"lone_record", silence, name, metric, "ns", bench::grouped_percentile(taken, share, 1)});
}

} // namespace

int main(int count, char** words) {
  try {
    run({count,
         words,
         {{"--subject", "weir"}, {"--silence", "alone"}, {"--records", "20"}, {"--file", "lone_record.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lone_record: %s\n", error.what());
    return 1;
  }
}
