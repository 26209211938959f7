#include "weir/log/rotating_file_sink.hpp"

#include "full_device.hpp"
#include "redirected.hpp"
#include "rotating_log.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using weir::log_stream;
using weir::rotation_naming;
using weir::rotation_options;
using weir::rotation_zone;
using namespace rotating_log_times;
using namespace std::chrono_literals;

namespace {

/// The time zone of this process, for a while.
class time_zone {
 public:
  explicit time_zone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~time_zone() {
    before_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }
  time_zone(const time_zone&) = delete;
  time_zone& operator=(const time_zone&) = delete;

 private:
  std::string before_;
};

} // namespace

TEST_CASE("rotating file: behind a symbolic link the file rotates, not the link", "[log][sink][rotating]") {
  const temporary_directory directory;
  std::filesystem::create_directory(directory.file("data"));
  std::filesystem::create_symlink("current", directory.file("app.log"));
  std::filesystem::create_symlink("data/real.log", directory.file("current")); // relative to where it is
  const bool dangling = GENERATE(true, false);
  if (!dangling) std::ofstream(directory.file("data/real.log")) << "old\n";
  const auto sink = weir::rotating_file_sink(directory.file("app.log"), {.file_bytes = 8}, as_bare_text());
  for (const auto* message : {"first", "second"}) {
    append_at(*sink, midnight, message);
    CHECK_FALSE(sink->commit().error);
  }
  CHECK(std::filesystem::is_symlink(directory.file("app.log")));
  CHECK(contents_of(directory.file("app.log")) == "second\n");
  CHECK(contents_of(directory.file("data/real.1.log")) == "first\n");
  CHECK(std::filesystem::exists(directory.file("data/real.2.log")) != dangling);
}

TEST_CASE("rotating: bad options are refused by name and value", "[log][sink][rotating]") {
  using Catch::Contains;
  const temporary_directory directory;
  const auto with = [&](rotation_options options) { return weir::rotating_file_sink(directory.file("a"), options); };
  CHECK_THROWS_WITH(with({}), Contains("file_bytes and .every are both 0"));
  CHECK_THROWS_WITH(with({.every = 7min}), Contains("every is 7 min"));
  CHECK_THROWS_WITH(with({.every = 25h}), Contains("every (min) is 1500"));
  CHECK_THROWS_WITH(with({.every = -1min}), Contains("every (min) is -1"));
  CHECK_THROWS_WITH(with({.every = 1h, .at = 24h}), Contains("at (min) is 1440"));
  CHECK_THROWS_WITH(with({.file_bytes = 1, .keep_files = 10'001}), Contains("keep_files is 10001"));
  CHECK_THROWS_WITH(with({.file_bytes = 1, .naming = rotation_naming{9}}), Contains("naming is 9"));
  CHECK_THROWS_WITH(weir::rotating_file_sink("", {.file_bytes = 1}), Contains("path is empty"));
  CHECK_THROWS_AS(weir::rotating_file_sink(directory.file("a"), {.file_bytes = 1}, nullptr), std::invalid_argument);
}

TEST_CASE("rotating: no file grows beyond its size, and records stay whole", "[log][sink][rotating]") {
  rotating log({.file_bytes = 12, .keep_files = 3});
  for (int i = 0; i < 10; ++i) log.append(midnight, "line" + std::to_string(i)); // 6 bytes each, one batch
  CHECK(log.sink->commit().lost == 0);
  CHECK(log.files() == files{{"log.txt", "line8\nline9\n"},
                             {"log.1.txt", "line6\nline7\n"},
                             {"log.2.txt", "line4\nline5\n"},
                             {"log.3.txt", "line2\nline3\n"}});
}

TEST_CASE("rotating: a record larger than a file has one of its own", "[log][sink][rotating]") {
  rotating log({.file_bytes = 10});
  const std::string large(50, 'x');
  log.append(midnight, "small");
  log.append(midnight, large);
  log.append(midnight, "small too");
  log.sink->commit();
  CHECK(log.files() == files{{"log.2.txt", "small\n"}, {"log.1.txt", large + "\n"}, {"log.txt", "small too\n"}});
}

TEST_CASE("rotating: after a restart it goes on where it was", "[log][sink][rotating]") {
  rotating log({.file_bytes = 12, .keep_files = 2});
  for (int i = 0; i < 6; ++i) {
    log.write(midnight, "line" + std::to_string(i));
    log.restart();
  }
  CHECK(log.files() ==
        files{{"log.txt", "line4\nline5\n"}, {"log.1.txt", "line2\nline3\n"}, {"log.2.txt", "line0\nline1\n"}});
}

TEST_CASE("rotating: what is kept is bounded in bytes, too", "[log][sink][rotating]") {
  rotating log({.file_bytes = 12, .keep_files = 100, .keep_bytes = 30});
  for (int i = 0; i < 20; ++i) log.write(midnight, "line" + std::to_string(i % 10));
  CHECK(log.files().size() == 3); // two of 12 bytes, and the current one
}

TEST_CASE("rotating: a path without an extension, and a hidden one", "[log][sink][rotating]") {
  const temporary_directory directory;
  for (const std::string name : {"server", ".hidden"}) {
    const auto sink = weir::rotating_file_sink(directory.file(name), {.file_bytes = 1}, as_bare_text());
    append_at(*sink, midnight, "old");
    append_at(*sink, midnight, "new");
    sink->commit();
    CHECK(contents_of(directory.file(name + ".1")) == "old\n");
    CHECK(contents_of(directory.file(name)) == "new\n");
  }
}

TEST_CASE("rotating: by time, each file has the records of its part of the day", "[log][sink][rotating]") {
  rotating log({.every = 6h, .zone = rotation_zone::utc});
  log.append(midnight + 6 * hour - 1, "night");
  log.append(midnight + 6 * hour, "morning");
  log.append(midnight + 7 * hour, "morning too");
  log.append(midnight + 20 * hour, "evening"); // nothing in between: no file for that
  log.sink->commit();
  CHECK(log.files() ==
        files{{"log.2.txt", "night\n"}, {"log.1.txt", "morning\nmorning too\n"}, {"log.txt", "evening\n"}});
}

TEST_CASE("rotating: daily at a time of day, named by the date of its begin", "[log][sink][rotating]") {
  rotating log({.every = 24h, .at = 3h + 30min, .zone = rotation_zone::utc, .naming = rotation_naming::date});
  log.write(midnight, "of the 20th");
  log.write(midnight + 3 * hour + 30 * minute - 1, "of the 20th");
  log.write(midnight + 3 * hour + 30 * minute, "of the 21st");
  log.write(midnight + day, "of the 21st");
  log.write(midnight + day + 4 * hour, "of the 22nd");
  CHECK(log.files() == files{{"log.2026-11-20.txt", "of the 20th\nof the 20th\n"},
                             {"log.2026-11-21.txt", "of the 21st\nof the 21st\n"},
                             {"log.txt", "of the 22nd\n"}});
}

TEST_CASE("rotating: several of a day are numbered, the newest highest", "[log][sink][rotating]") {
  rotating log(
      {.file_bytes = 6, .every = 24h, .zone = rotation_zone::utc, .keep_files = 3, .naming = rotation_naming::date});
  for (int i = 0; i < 5; ++i) log.append(midnight, "line" + std::to_string(i)); // all in the same second
  log.append(midnight + day, "next");
  log.sink->commit();
  CHECK(log.files() == files{{"log.2026-11-21.2.txt", "line2\n"},
                             {"log.2026-11-21.3.txt", "line3\n"},
                             {"log.2026-11-21.4.txt", "line4\n"},
                             {"log.txt", "next\n"}});
}

TEST_CASE("rotating: local time is the time zone's, also on the days when clocks are set", "[log][sink][rotating]") {
  const time_zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  rotating log({.every = 24h, .naming = rotation_naming::date});
  constexpr std::int64_t autumn = 1'792'879'200; // 2026-10-25T00:00 +02:00, a day of 25 hours
  log.write(autumn - 1, "24th");
  for (int i = 0; i < 25; ++i) log.append(autumn + i * hour, "25th");
  log.write(autumn + 25 * hour, "26th");
  CHECK(log.files()["log.2026-10-24.txt"] == "24th\n");
  CHECK(log.files()["log.2026-10-25.txt"].size() == 25 * 5);
  CHECK(log.files()["log.txt"] == "26th\n");
}

TEST_CASE("rotating: the time zone is that of when the sink was made, also in a chroot without zones",
          "[log][sink][rotating]") {
  const time_zone before("UTC0");
  ::setenv("TZ", "XYZ-5", 1);
  rotating log({.every = 24h, .naming = rotation_naming::date});
  ::setenv("TZ", "UTC0", 1); // which mktime(3) would see, as it would a zone that is not there any more
  log.write(midnight - 5 * hour - 1, "20th");
  log.write(midnight - 5 * hour, "21st");
  log.write(midnight + 19 * hour, "22nd");
  CHECK(log.files() ==
        files{{"log.2026-11-20.txt", "20th\n"}, {"log.2026-11-21.txt", "21st\n"}, {"log.txt", "22nd\n"}});
}

TEST_CASE("rotating: every part of a day comes once, also when clocks are set", "[log][sink][rotating]") {
  const time_zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  for (const std::int64_t begin : {1'792'879'200, 1'774'738'800}) { // 25 and 23 hours
    rotating log({.every = 30min, .keep_files = 1000});
    for (int i = 0; i < 26 * 60; ++i) log.append(begin + i * minute, std::to_string(i));
    log.sink->commit();
    CHECK(log.files().size() >= 46);
    CHECK(log.files().size() <= 53);
  }
}

TEST_CASE("rotating: a file of an earlier day is rotated by the first record after a restart",
          "[log][sink][rotating]") {
  rotating log({.every = 24h, .zone = rotation_zone::utc, .naming = rotation_naming::date});
  log.write(midnight, "yesterday");
  const utimbuf then{.actime = midnight + hour, .modtime = midnight + hour};
  REQUIRE(::utime(log.directory.file("log.txt").c_str(), &then) == 0);
  log.restart();
  SECTION("on the same day it is continued") {
    log.write(midnight + 2 * hour, "yesterday, too");
    CHECK(log.files() == files{{"log.txt", "yesterday\nyesterday, too\n"}});
  }
  SECTION("on the next it is not") {
    log.write(midnight + day, "today");
    CHECK(log.files() == files{{"log.2026-11-21.txt", "yesterday\n"}, {"log.txt", "today\n"}});
  }
}

TEST_CASE("rotating: if the file cannot be renamed it goes on, says so, and tries again", "[log][sink][rotating]") {
  rotating log({.file_bytes = 6});
  log.write(midnight, "line1");
  weir::commit_result first, second;
  { // without checks: UndefinedBehaviorSanitizer wants descriptors for looking at what it has not seen before
    const no_more_descriptors in_the_way;
    first = log.write(midnight, "line2");
    log.append(midnight, "line3");
    log.append(midnight, "line4");
    second = log.sink->commit();
  }
  CHECK(first.lost == 0);
  CHECK(first.error);
  CHECK(first.attempt == "rotating");
  CHECK(second.lost == 0);
  CHECK(log.files() == files{{"log.txt", "line1\nline2\nline3\nline4\n"}});
  CHECK_FALSE(log.write(midnight, "line5").error);
  CHECK(log.files() == files{{"log.1.txt", "line1\nline2\nline3\nline4\n"}, {"log.txt", "line5\n"}});
}

TEST_CASE("rotating: a failure is not tried again with every batch", "[log][sink][rotating]") {
  rotating log({.file_bytes = 6}, 1h);
  log.write(midnight, "line1");
  weir::commit_result failed;
  {
    const no_more_descriptors in_the_way;
    failed = log.write(midnight, "line2");
  }
  CHECK(failed.error);
  CHECK_FALSE(log.write(midnight, "line3").error);
  CHECK(log.files() == files{{"log.txt", "line1\nline2\nline3\n"}});
}

TEST_CASE("rotating: a turn of time that failed is made up for", "[log][sink][rotating]") {
  rotating log({.every = 24h, .zone = rotation_zone::utc, .naming = rotation_naming::date});
  log.write(midnight, "21st");
  weir::commit_result failed;
  {
    const no_more_descriptors in_the_way;
    failed = log.write(midnight + day, "22nd");
  }
  CHECK(failed.attempt == "rotating");
  CHECK_FALSE(log.write(midnight + day, "22nd").error);
  CHECK(log.files() == files{{"log.2026-11-21.txt", "21st\n22nd\n"}, {"log.txt", "22nd\n"}});
}

TEST_CASE("rotating: a file that others have moved or removed is begun anew", "[log][sink][rotating]") {
  rotating log({.file_bytes = 12});
  log.write(midnight, "line1");
  std::filesystem::remove(log.directory.file("log.txt"));
  log.write(midnight, "line2");
  log.write(midnight, "line3");
  CHECK(log.files() == files{{"log.txt", "line2\nline3\n"}}); // its size is counted from new
  std::filesystem::rename(log.directory.file("log.txt"), log.directory.file("elsewhere"));
  log.sink->reopen();
  log.write(midnight, "line4");
  CHECK(log.files() == files{{"elsewhere", "line2\nline3\n"}, {"log.txt", "line4\n"}});
}

TEST_CASE("rotating: a full device loses nothing uncounted", "[log][sink][rotating][full]") {
  const temporary_directory directory, elsewhere;
  const small_tmpfs device(directory.path());
  if (!device) {
    WARN("mounting a tmpfs is not permitted here");
    return;
  }
  const redirected error(STDERR_FILENO, elsewhere.file("err"));
  const auto sink = weir::rotating_file_sink({.path = directory.file("log.txt"), .look_interval = 0ms},
                                             {.file_bytes = 32 * 1024, .keep_files = 100});
  log_stream stream({.sinks = {sink}});
  weir::logger& log = stream.get_logger("l");
  const auto lines = [&] {
    std::size_t own = 0;
    for (const auto& each : std::filesystem::directory_iterator(directory.path()))
      for (const auto& line : lines_of(each.path().string())) {
        if (!line.starts_with("20")) FAIL("torn: " << line);
        own += line.ends_with(" end");
      }
    return own;
  };
  for (int i = 0; i < 10'000; ++i) log.info("record {} end", i);
  stream.flush();
  const auto full = stream.stats();
  CHECK(full.dropped_sink > 0);
  CHECK(full.written + full.dropped() == 10'000);
  CHECK(lines() == full.written);
  for (int i = 1; i <= 3; ++i) std::filesystem::remove(directory.file("log." + std::to_string(i) + ".txt"));
  const auto gone = full.written - lines();
  for (int i = 0; i < 500; ++i) log.info("record {} end", i);
  CHECK(stream.close(1min));
  CHECK(stream.stats().written == full.written + 500);
  CHECK(lines() + gone == stream.stats().written);
}

TEST_CASE("rotating: while threads log, all records are in some file, once", "[log][sink][rotating][concurrent]") {
  const temporary_directory directory;
  constexpr int threads = 3, records = 20'000;
  {
    log_stream stream({.sinks = {weir::rotating_file_sink(directory.file("log.txt"),
                                                          {.file_bytes = 50'000, .keep_files = 10'000})}});
    std::vector<std::thread> producers;
    for (int t = 0; t < threads; ++t)
      producers.emplace_back([&, t] {
        for (int i = 0; i < records; ++i) WEIR_INFO(stream.get_logger("l"), "record {} {} end", t, i);
      });
    for (auto& each : producers) each.join();
    CHECK(stream.close(1min));
    CHECK(stream.stats().written == threads * records);
  }
  std::size_t lines = 0;
  for (const auto& each : std::filesystem::directory_iterator(directory.path())) {
    CHECK(each.file_size() <= 50'000);
    for (const auto& line : lines_of(each.path().string())) {
      if (!line.ends_with(" end")) FAIL(line);
      ++lines;
    }
  }
  CHECK(lines == threads * records);
}

// Each would have renamed its file over the other's.
TEST_CASE("rotating: two sinks of one file lose no line, however they name what they rotate",
          "[log][sink][rotating][concurrent]") {
  const auto naming = GENERATE(weir::rotation_naming::number, weir::rotation_naming::date);
  const temporary_directory directory;
  constexpr int records = 2000;
  const auto log_all = [&](const char* name) {
    const auto sink = weir::rotating_file_sink(directory.file("log.txt"),
                                               {.file_bytes = 2000, .keep_files = weir::keep_all, .naming = naming});
    log_stream stream({.sinks = {sink}});
    for (int i = 0; i < records; ++i) {
      WEIR_INFO(stream.get_logger(name), "record {} end", i);
      if (i % 20 == 0) stream.flush(1min);
    }
    stream.close(1min);
  };
  std::thread other(log_all, "other");
  log_all("one");
  other.join();
  std::size_t lines = 0;
  for (const auto& each : std::filesystem::directory_iterator(directory.path()))
    lines += lines_of(each.path().string()).size();
  CHECK(lines == 2 * records);
}
