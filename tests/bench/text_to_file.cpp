// Times how long one subject takes from the first log call until all lines are in the file; then checks every line.
//
//   text_to_file --subject weir --producers 1 --records 2000000 --file /dev/shm/text_to_file.log
//
// With one producer, it has one core and the subject's threads have the other; with more, the scheduler decides.
// `--subject write_only` is write(2) of such lines, by one thread that does nothing else.
#include "log_files.hpp"
#include "measuring/options.hpp"
#include "measuring/run_meter.hpp"
#include "subjects/subject.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

void log_from_threads(bench::subject& subject, std::uint64_t records, std::uint64_t producers) {
  std::latch all_started(static_cast<std::ptrdiff_t>(producers));
  std::vector<std::jthread> threads;
  const std::uint64_t each = records / producers;
  for (std::uint64_t producer = 0; producer < producers; ++producer)
    threads.emplace_back([&, producer] {
      all_started.arrive_and_wait();
      subject.log_lines(producer * each, each);
    });
}

std::string lines_of_weir(const std::string& path, std::uint64_t count) {
  const auto weir = bench::open_subject("weir", path);
  weir->log_lines(0, count);
  weir->finish();
  std::ifstream written(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(written), {}};
}

/// As many lines as weir writes at once, again and again.
void time_writing(const std::string& path, std::uint64_t records) {
  constexpr std::uint64_t at_once = 2048;
  const std::string lines = lines_of_weir(path, at_once);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "we"), &std::fclose);
  if (file == nullptr) throw std::runtime_error(path + " cannot be opened");
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
  const std::uint64_t rounds = records / at_once;
  bench::run_meter meter;
  for (std::uint64_t i = 0; i < rounds; ++i)
    if (std::fwrite(lines.data(), 1, lines.size(), file.get()) != lines.size())
      throw std::runtime_error(path + " cannot be written");
  meter.stop();
  std::remove(path.c_str());
  meter.print("text_to_file", "int_int_double", "write_only", rounds * at_once);
}

void run(const bench::options& options) {
  const std::string& name = options.text("--subject");
  const std::string& path = options.text("--file");
  const std::uint64_t records = options.number("--records");
  const std::uint64_t producers = options.number("--producers");
  if (records % producers != 0)
    throw std::invalid_argument(fmt::format("--records {} cannot be divided among {}", records, producers));
  std::remove(path.c_str());
  if (name == "write_only") return time_writing(path, records); // whatever the number of producers
  const auto subject = producers == 1 ? bench::open_subject(name, path) : bench::open_subject_anywhere(name, path);
  bench::run_meter meter;
  if (producers == 1)
    subject->log_lines(0, records);
  else
    log_from_threads(*subject, records, producers);
  subject->finish();
  meter.stop();
  bench::check_text_lines(path, records, producers);
  std::remove(path.c_str());
  meter.print("text_to_file", producers == 1 ? "int_int_double" : fmt::format("{}_producers", producers), name,
              records);
}

} // namespace

int main(int count, char** words) {
  try {
    run({count,
         words,
         {{"--subject", "weir"}, {"--producers", "1"}, {"--records", "2000000"}, {"--file", "text_to_file.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "text_to_file: %s\n", error.what());
    return 1;
  }
}
