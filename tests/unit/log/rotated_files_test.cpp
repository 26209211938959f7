// Which files a rotating log keeps, what they are called, and what it leaves alone.
#include "rotating_log.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

using weir::rotation_naming;
using weir::rotation_zone;
using namespace rotating_log_times;
using namespace std::chrono_literals;

namespace {

/// What may stand under a rotated file's name and is none.
void make_foreign(const std::string& kind, const std::string& path) {
  if (kind == "a directory") std::filesystem::create_directory(path);
  if (kind == "a dangling link") std::filesystem::create_symlink("nowhere", path);
  if (kind == "a FIFO") REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  if (kind != "a link to a file") return;
  const std::string precious = std::filesystem::path(path).replace_filename("precious");
  std::ofstream(precious) << "precious";
  std::filesystem::create_symlink("precious", path);
}

} // namespace

TEST_CASE("rotating: none at all need be kept", "[log][sink][rotating]") {
  rotating log({.file_bytes = 6, .keep_files = 0});
  for (int i = 0; i < 5; ++i) log.write(midnight, "line" + std::to_string(i));
  CHECK(log.files() == files{{"log.txt", "line4\n"}});
}

TEST_CASE("rotating: files with other names are left alone, and gaps are closed", "[log][sink][rotating]") {
  rotating log({.file_bytes = 6, .keep_files = 2});
  for (const char* other : {"log.txt.1", "log.01.txt", "log.a.txt", "log..txt", "log.1.txt.gz", "other.1.txt",
                            "log.2026-11-21.txt", "log.9999999999.txt"})
    std::ofstream(log.directory.file(other)) << other;
  std::ofstream(log.directory.file("log.2.txt")) << "two";
  log.write(midnight, "line1");
  log.write(midnight, "line2");
  CHECK(log.files().size() == 8 + 3);
  CHECK(log.files()["log.1.txt"] == "line1\n");
  CHECK(log.files()["log.2.txt"] == "two"); // not renamed: there was room before it
}

TEST_CASE("rotating: what is no file keeps its name, and the next is taken", "[log][sink][rotating]") {
  const std::string kind = GENERATE("a directory", "a dangling link", "a link to a file", "a FIFO");
  CAPTURE(kind);
  const auto type_of = [](const std::string& path) { return std::filesystem::symlink_status(path).type(); };
  const auto check = [&](rotating& log, const std::string& foreign, const files& expected) {
    const auto type = type_of(foreign);
    for (int i = 0; i < 5; ++i) CHECK_FALSE(log.write(midnight, "line" + std::to_string(i)).error);
    CHECK(type_of(foreign) == type);
    auto found = log.files();
    if (kind == "a link to a file") CHECK(found.extract("precious").mapped() == "precious");
    CHECK(found == expected);
  };
  SECTION("by number") {
    rotating log({.file_bytes = 6, .keep_files = 3});
    const std::string first = log.directory.file("log.1.txt"), third = log.directory.file("log.3.txt");
    make_foreign(kind, first);
    std::filesystem::create_directory(third);
    check(log, first,
          {{"log.txt", "line4\n"}, {"log.2.txt", "line3\n"}, {"log.4.txt", "line2\n"}, {"log.5.txt", "line1\n"}});
    CHECK(std::filesystem::is_directory(third));
  }
  SECTION("by date") {
    rotating log({.file_bytes = 6, .zone = rotation_zone::utc, .keep_files = 2, .naming = rotation_naming::date});
    const std::string foreign = log.directory.file("log.2026-11-21.txt");
    make_foreign(kind, foreign);
    check(log, foreign,
          {{"log.txt", "line4\n"}, {"log.2026-11-21.3.txt", "line2\n"}, {"log.2026-11-21.4.txt", "line3\n"}});
  }
}

TEST_CASE("rotating: in a directory behind a symbolic link", "[log][sink][rotating]") {
  const temporary_directory directory;
  const std::filesystem::path real = directory.file("real"), link = directory.file("link");
  std::filesystem::create_directory(real);
  std::filesystem::create_directory_symlink("real", link);
  const auto sink =
      weir::rotating_file_sink({.path = link / "log.txt"}, {.file_bytes = 6, .keep_files = 2}, as_bare_text());
  for (int i = 0; i < 5; ++i) {
    append_at(*sink, midnight, "line" + std::to_string(i));
    CHECK_FALSE(sink->commit().error);
  }
  CHECK(contents_of(real / "log.txt") == "line4\n");
  CHECK(contents_of(real / "log.1.txt") == "line3\n");
  CHECK(contents_of(real / "log.2.txt") == "line2\n");
  CHECK_FALSE(std::filesystem::exists(real / "log.3.txt"));
}

TEST_CASE("rotating: while the directory is gone it says so, and loses nothing uncounted", "[log][sink][rotating]") {
  rotating log({.file_bytes = 6});
  log.write(midnight, "line0");
  std::filesystem::remove_all(log.directory.path());
  const auto result = log.write(midnight, "line1");
  CHECK(result.error == std::errc::no_such_file_or_directory);
  CHECK(result.lost == 1);
  std::filesystem::create_directory(log.directory.path());
  CHECK_FALSE(log.write(midnight, "line2").error);
  CHECK(log.files() == files{{"log.txt", "line2\n"}});
}

TEST_CASE("rotating: files of a clock that was far ahead go before those that are made", "[log][sink][rotating]") {
  rotating log({.file_bytes = 6, .zone = rotation_zone::utc, .keep_files = 3, .naming = rotation_naming::date});
  for (int i = 0; i < 5; ++i) log.write(midnight + 3000 * day, "late" + std::to_string(i));
  CHECK(log.files().size() == 4);
  for (int i = 0; i < 2; ++i) log.write(midnight, "line" + std::to_string(i));
  CHECK(log.files() == files{{"log.2035-02-07.3.txt", "late3\n"},
                             {"log.2026-11-21.txt", "late4\n"}, // it was rotated on that day
                             {"log.2026-11-21.1.txt", "line0\n"},
                             {"log.txt", "line1\n"}});
  log.write(midnight, "line3");
  log.write(midnight + day, "next0");
  log.write(midnight + day, "next1");
  CHECK(log.files() == files{{"log.2026-11-21.2.txt", "line1\n"},
                             {"log.2026-11-22.txt", "line3\n"},
                             {"log.2026-11-22.1.txt", "next0\n"},
                             {"log.txt", "next1\n"}});
}

TEST_CASE("rotating: all can be kept", "[log][sink][rotating]") {
  const auto naming = GENERATE(rotation_naming::number, rotation_naming::date);
  rotating log({.file_bytes = 6, .keep_files = weir::keep_all, .naming = naming});
  for (int i = 0; i < 50; ++i) log.write(midnight, "line");
  CHECK(log.files().size() == 50);
}

TEST_CASE("rotating: a clock set back a little begins no file, one set back further does", "[log][sink][rotating]") {
  rotating log({.every = 1h, .zone = rotation_zone::utc});
  log.write(midnight, "a");
  log.write(midnight + hour, "b");
  log.write(midnight + hour - 1, "c"); // a little back
  log.write(midnight + hour, "d");
  CHECK(log.files().size() == 2);
  log.write(midnight + 1000 * day, "e"); // wrong, until somebody notices
  log.write(midnight + 2 * hour, "f");
  log.write(midnight + 3 * hour, "g");
  CHECK(log.files() == files{{"log.4.txt", "a\n"},
                             {"log.3.txt", "b\nc\nd\n"},
                             {"log.2.txt", "e\n"},
                             {"log.1.txt", "f\n"},
                             {"log.txt", "g\n"}});
}

TEST_CASE("rotating: records of several days are in no one file, wherever the clock goes", "[log][sink][rotating]") {
  rotating log({.every = 1h, .zone = rotation_zone::utc, .naming = rotation_naming::date});
  log.append(midnight + day, "22nd");
  log.append(midnight, "21st");
  log.append(midnight - 3 * day, "18th");
  log.append(midnight + 2 * day, "23rd");
  CHECK(log.sink->commit().lost == 0);
  CHECK(log.files() == files{{"log.2026-11-22.txt", "22nd\n"},
                             {"log.2026-11-21.txt", "21st\n"},
                             {"log.2026-11-18.txt", "18th\n"},
                             {"log.txt", "23rd\n"}});
}
