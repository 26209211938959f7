// Files below a directory and nowhere else.
#include "weir/http/served_directory.hpp"

#include "log/temporary_directory.hpp"
#include "weir/http/preconditions.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using namespace std::chrono;
namespace fs = std::filesystem;

void write(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string read(const weir::served_file& file, std::uint64_t offset = 0) {
  std::array<char, 64> into;
  std::error_code error;
  const std::size_t bytes = file.read(offset, into, error);
  REQUIRE_FALSE(error);
  return std::string(into.data(), bytes);
}

} // namespace

TEST_CASE("served directory: what is a plain path", "[http][files]") {
  const std::string longest(255, 'x');
  for (const std::string& name :
       {std::string("a"), std::string("a/b"), std::string("..."), std::string(".a"), std::string("a..b"),
        std::string("a b"), std::string("\xff"), std::string("..\\a"), longest, longest + "/" + longest}) {
    INFO(name);
    CHECK(weir::is_plain_path(name));
  }
  for (const std::string& name :
       {std::string(""), std::string("/"), std::string("/a"), std::string("//a"), std::string("a/"),
        std::string("a//b"), std::string("."), std::string(".."), std::string("../a"), std::string("a/.."),
        std::string("a/../b"), std::string("./a"), std::string("a/."), std::string("a\0", 2), std::string("\0", 1),
        std::string("a\0/b", 4), longest + "x", "a/" + longest + "x/b"}) {
    INFO(name);
    CHECK_FALSE(weir::is_plain_path(name));
  }
}

TEST_CASE("served directory: regular files are opened, with the facts of what was opened", "[http][files]") {
  const temporary_directory root;
  fs::create_directories(root.file("sub/deeper"));
  write(root.file("a.txt"), "hello");
  write(root.file("sub/deeper/b"), "below");
  const weir::served_directory files(root.path());
  std::error_code error;
  const auto file = files.open("a.txt", error);
  REQUIRE(file.is_open());
  CHECK_FALSE(error);
  struct stat status {};
  REQUIRE(::stat(root.file("a.txt").c_str(), &status) == 0);
  CHECK(file.facts().device == status.st_dev);
  CHECK(file.facts().inode == status.st_ino);
  CHECK(file.facts().size == 5);
  CHECK(file.facts().modified.time_since_epoch() ==
        seconds(status.st_mtim.tv_sec) + nanoseconds(status.st_mtim.tv_nsec));
  CHECK(read(file) == "hello");
  CHECK(read(file, 3) == "lo");
  CHECK(read(file, 5).empty());
  CHECK(read(file, UINT64_MAX).empty());
  CHECK(read(files.open("sub/deeper/b", error)) == "below");

  CHECK(file.is_unchanged());
  // What was opened stays what it was, and so does the directory.
  fs::rename(root.file("sub"), root.file("gone"));
  write(root.file("new"), "replaced");
  fs::rename(root.file("new"), root.file("a.txt"));
  CHECK(read(file) == "hello");
  CHECK(read(files.open("a.txt", error)) == "replaced");
  const auto again = files.open("a.txt", error);
  fs::resize_file(root.file("a.txt"), 3);
  CHECK_FALSE(again.is_unchanged());
}

TEST_CASE("served directory: links, pipes, sockets, devices and directories are as if they were not there",
          "[http][files]") {
  const temporary_directory root;
  fs::create_directories(root.file("served/sub"));
  write(root.file("secret"), "secret");
  const std::string served = root.file("served/");
  write(served + "a", "a");
  write(served + "sub/b", "b");
  fs::create_symlink("../secret", served + "out");
  fs::create_symlink(root.file("secret"), served + "absolute");
  fs::create_symlink("a", served + "within");
  fs::create_directory_symlink("..", served + "up");
  fs::create_directory_symlink("sub", served + "sideways");
  fs::create_symlink("/proc/self/cwd", served + "magic");
  fs::create_symlink("/dev/zero", served + "zero");
  fs::create_symlink("loop", served + "loop");
  REQUIRE(::mkfifo((served + "pipe").c_str(), 0600) == 0);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  (served + "socket").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(listener);

  const weir::served_directory files(served);
  for (const char* name :
       {"out",  "absolute", "within", "up",     "up/secret", "sideways/b", "magic",       "magic/x",
        "zero", "loop",     "pipe",   "socket", "sub",       "sub/",       "a/",          "a/b",
        "none", "sub/none", "none/a", "..",     "../secret", "sub/../a",   "/etc/passwd", ""}) {
    INFO(name);
    std::error_code error;
    CHECK_FALSE(files.open(name, error).is_open());
    CHECK(error == std::errc::no_such_file_or_directory);
  }
  std::error_code error;
  CHECK(files.open("sub/b", error).is_open());
  CHECK_FALSE(error);

  const weir::served_directory devices("/dev");
  CHECK_FALSE(devices.open("zero", error).is_open());
  CHECK(error == std::errc::no_such_file_or_directory);
}

TEST_CASE("served directory: refusing leaves no descriptor behind", "[http][files]") {
  const temporary_directory root;
  fs::create_directories(root.file("sub/deeper"));
  write(root.file("sub/deeper/a"), "a");
  const weir::served_directory files(root.path());
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = open_files();
  for (const char* name : {"sub/deeper/a", "sub/deeper/none", "sub/none/a", "sub/deeper"}) {
    std::error_code error;
    static_cast<void>(files.open(name, error));
  }
  CHECK(open_files() == before);
}

TEST_CASE("served directory: one that cannot be opened is named", "[http][files]") {
  const temporary_directory root;
  write(root.file("a"), "a");
  CHECK_THROWS_WITH(weir::served_directory("/does/not/exist"), Catch::Contains("/does/not/exist"));
  CHECK_THROWS_WITH(weir::served_directory(root.file("a")), Catch::Contains(root.file("a")));
}

TEST_CASE("entity tag: of a file, changes with inode, size and nanoseconds, and is weak until it has settled",
          "[http][files]") {
  const sys_seconds changed = sys_days(year(2026) / 1 / 2);
  const weir::file_facts facts{.inode = 10, .size = 255, .modified = changed + 1ns};
  const std::string tag = weir::make_entity_tag(facts, changed + 3s);
  CHECK(tag == "\"a-ff-1886c0e67f490001\"");
  auto other = facts;
  other.inode = 11;
  CHECK(weir::make_entity_tag(other, changed + 3s) != tag);
  other = facts;
  other.size = 254;
  CHECK(weir::make_entity_tag(other, changed + 3s) != tag);
  other = facts;
  other.modified += 1ns;
  CHECK(weir::make_entity_tag(other, changed + 3s) != tag);
  CHECK(weir::make_entity_tag(facts, changed + 2s) == "W/" + tag);
  CHECK(weir::make_entity_tag(facts, changed - 1h) == "W/" + tag);
}

TEST_CASE("entity tag: without the inode, copies have the same", "[http][files]") {
  const sys_seconds changed = sys_days(year(2026) / 1 / 2);
  const weir::file_facts facts{.inode = 10, .size = 255, .modified = changed + 1ns};
  const auto tag_of = [&](const weir::file_facts& file, sys_seconds now) {
    return weir::make_entity_tag(file, now, weir::tag_parts::none);
  };
  const std::string tag = tag_of(facts, changed + 3s);
  CHECK(tag == "\"ff-1886c0e67f490001\"");
  auto other = facts;
  other.inode = 11;
  CHECK(tag_of(other, changed + 3s) == tag);
  CHECK(tag_of(other, changed + 2s) == "W/" + tag);
  other.modified += 1ns;
  CHECK(tag_of(other, changed + 3s) != tag);
  other = facts;
  other.size = 254;
  CHECK(tag_of(other, changed + 3s) != tag);
}
