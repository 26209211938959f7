// Rotation by size and time with all limits at once, against what must hold of the files after every write.
#include "bare_renderer.hpp"
#include "temporary_directory.hpp"
#include "timed_record.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

using weir::rotation_naming;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t hour = 3600, first_hour = 1'795'219'200 / hour; // 2026-11-21T00:00:00Z

struct kept_file {
  long first = 0, last = 0; // numbers of its records
  std::int64_t hour = 0;
  std::uint64_t bytes = 0;
  bool current = false;
};

/// Of lines "number hour xxx…". Fails if its records do not follow one another, or are of different hours.
kept_file look_into(const std::filesystem::directory_entry& entry) {
  kept_file found{.bytes = entry.file_size(), .current = entry.path().filename() == "log.txt"};
  const auto lines = lines_of(entry.path().string());
  REQUIRE((!lines.empty() || found.current));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    char* end = nullptr;
    const long number = std::strtol(lines[i].c_str(), &end, 10);
    const std::int64_t of_hour = std::strtoll(end, nullptr, 10);
    if (i == 0) found.first = number, found.hour = of_hour;
    REQUIRE(number == found.first + static_cast<long>(i));
    REQUIRE(of_hour == found.hour);
    found.last = number;
  }
  return found;
}

/// All files in the order of their records.
std::vector<kept_file> look_into_all(const std::string& directory) {
  std::vector<kept_file> all;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) all.push_back(look_into(entry));
  std::erase_if(all, [](const kept_file& file) { return file.bytes == 0; });
  std::ranges::sort(all, {}, &kept_file::first);
  return all;
}

} // namespace

TEST_CASE("rotating: by size and by time, across restarts, files are what they promise to be",
          "[log][sink][rotating]") {
  const auto naming = GENERATE(rotation_naming::number, rotation_naming::date);
  const weir::rotation_options options{.file_bytes = 2000,
                                       .every = 1h,
                                       .zone = weir::rotation_zone::utc,
                                       .keep_files = 6,
                                       .keep_bytes = 7000,
                                       .naming = naming};
  const temporary_directory directory;
  std::shared_ptr<weir::sink> sink;
  std::mt19937 random(4711); // NOLINT: the same every time
  const auto one_of = [&](unsigned n) { return static_cast<std::int64_t>(random() % n); };
  long number = 0;
  std::int64_t at = first_hour * hour;
  for (int batch = 0; batch < 400; ++batch) {
    if (sink == nullptr || one_of(20) == 0) {
      sink.reset();
      // So that the file is of the records' time, as it would be.
      if (number != 0) {
        const std::filesystem::path current = directory.file("log.txt");
        const auto written = std::chrono::sys_seconds(std::chrono::seconds(at));
        std::filesystem::last_write_time(current, std::chrono::file_clock::from_sys(written));
      }
      sink = weir::rotating_file_sink({.path = directory.file("log.txt")}, options, as_bare_text());
    }
    for (std::int64_t records = 1 + one_of(8); records > 0; --records) {
      at += one_of(one_of(10) == 0 ? 7200 : 120);
      const std::string text(static_cast<std::size_t>(one_of(300)), 'x');
      append_at(*sink, at, std::to_string(number++) + " " + std::to_string(at / hour) + " " + text);
    }
    REQUIRE(sink->commit().lost == 0);

    const auto files = look_into_all(directory.path());
    REQUIRE(!files.empty());
    CHECK(files.back().current);
    CHECK(files.back().last == number - 1);
    std::uint64_t rotated_bytes = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].bytes > 2000) FAIL("a file of " << files[i].bytes << " bytes");
      if (i + 1 < files.size()) rotated_bytes += files[i].bytes;
      // Nothing is missing between what is kept, and there was a reason for each rotation.
      if (i != 0 && files[i].first != files[i - 1].last + 1) FAIL("between " << files[i - 1].last << " and " << i);
      if (i != 0 && files[i].hour < files[i - 1].hour) FAIL("hours go back");
    }
    if (rotated_bytes > 7000) FAIL(rotated_bytes << " bytes are kept");
    if (files.size() > 7) FAIL(files.size() << " files are kept");
  }
}
