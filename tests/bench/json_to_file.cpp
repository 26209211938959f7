// Times how long one subject takes until all records are in the file as JSON lines; then checks every line.
//
//   json_to_file --subject weir --records 2000000 --file /dev/shm/json_to_file.log
#include "log_files.hpp"
#include "measuring/options.hpp"
#include "measuring/run_meter.hpp"
#include "subjects/subject.hpp"

#include <cstdint>
#include <cstdio>
#include <exception>

namespace {

void run(const bench::options& options) {
  const std::string& name = options.text("--subject");
  const std::string& path = options.text("--file");
  const std::uint64_t records = options.number("--records");
  std::remove(path.c_str());
  const auto subject = bench::open_subject(name, path, bench::layout::json);
  bench::run_meter meter;
  subject->log_lines(0, records);
  subject->finish();
  meter.stop();
  bench::check_json_lines(path, records);
  std::remove(path.c_str());
  meter.print("json_to_file", "fields3", name, records);
}

} // namespace

int main(int count, char** words) {
  try {
    run({count, words, {{"--subject", "weir"}, {"--records", "2000000"}, {"--file", "json_to_file.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "json_to_file: %s\n", error.what());
    return 1;
  }
}
