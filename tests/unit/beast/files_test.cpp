// Downloads as their clients see them: RFC 9110, sections 13 to 15.
#include "weir/beast/files.hpp"

#include "log/temporary_directory.hpp"
#include "server_fixture.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

using namespace weir_test;

namespace {

namespace fs = std::filesystem;

/// 26 letters, over and over.
std::string letters(std::size_t count) {
  std::string text(count, ' ');
  for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

/// A directory with a file that was changed a while ago, and a server of it.
struct download_server {
  explicit download_server(weir::download_options options = {}, std::string_view route = "/{file}")
      : server([&](weir::http_server& on) { on.get(route, weir::static_files(root.path(), std::move(options))); }) {}

  void add(const std::string& name, std::string_view text) const {
    std::ofstream(root.file(name), std::ios::binary) << text;
    settle(name);
  }
  /// Sets the time of its last change: 1994-11-06 08:49:37.
  void settle(const std::string& name, std::time_t changed_at = 784'111'777) const {
    const timespec times[2] = {{changed_at, 123}, {changed_at, 123}};
    if (::utimensat(AT_FDCWD, root.file(name).c_str(), times, 0) != 0) throw std::runtime_error("utimensat");
  }
  raw_response get(std::string_view target, std::string_view headers = "") const {
    raw_client client(server.port());
    return client.ask(get_request(target, headers));
  }

  temporary_directory root;
  running_server server;
};

constexpr const char* changed = "Sun, 06 Nov 1994 08:49:37 GMT";

} // namespace

TEST_CASE("files: the whole, with what is needed to come back for a part", "[beast][files]") {
  const download_server on;
  on.add("a.txt", letters(100'000));
  const raw_response whole = on.get("/a.txt");
  CHECK(whole.status == 200);
  CHECK(whole.body == letters(100'000));
  CHECK(whole.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(whole.header("Accept-Ranges") == "bytes");
  CHECK(whole.header("Last-Modified") == changed);
  CHECK(whole.header("ETag").ends_with("-186a0-ae1b981bc490a7b\""));
  CHECK(whole.header("Date").ends_with(" GMT"));
  CHECK(whole.header("Content-Disposition") == "(absent)");

  on.add("empty", "");
  CHECK(on.get("/empty").status == 200);
  CHECK(on.get("/empty").header("Content-Length") == "0");
}

TEST_CASE("files: a download goes on with another host's copy if tags are without inodes", "[beast][files]") {
  const auto tags = GENERATE(weir::tag_parts::none, weir::tag_parts::inode);
  const bool is_same = tags == weir::tag_parts::none;
  const download_server one({.tags = tags}), other({.tags = tags});
  one.add("a.txt", letters(100));
  // Two files of one file system never share an inode.
  other.add("a.txt", letters(100));
  const std::string tag = one.get("/a.txt").header("ETag");
  CHECK((other.get("/a.txt").header("ETag") == tag) == is_same);
  const auto rest = other.get("/a.txt", fmt::format("Range: bytes=90-\r\nIf-Range: {}\r\n", tag));
  CHECK(rest.status == (is_same ? 206 : 200));
  CHECK(other.get("/a.txt", fmt::format("If-None-Match: {}\r\n", tag)).status == (is_same ? 304 : 200));
}

TEST_CASE("files: one range is 206 with Content-Range (RFC 9110 15.3.7.1)", "[beast][files]") {
  struct row {
    const char* range;
    unsigned status;
    std::string content_range;
    std::string body;
  };
  const download_server on;
  on.add("a", letters(26));
  const row rows[] = {
      {"bytes=0-4", 206, "bytes 0-4/26", "abcde"},
      {"bytes=-3", 206, "bytes 23-25/26", "xyz"},
      {"bytes=24-99", 206, "bytes 24-25/26", "yz"},
      {"bytes=0-", 206, "bytes 0-25/26", letters(26)},
      {"bytes=-99", 206, "bytes 0-25/26", letters(26)},
      {"bytes=30-,1-1", 206, "bytes 1-1/26", "b"},
      {"bytes=26-", 416, "bytes */26", "416 range not satisfiable\n"},
      {"bytes=-0", 416, "bytes */26", "416 range not satisfiable\n"},
      {"bytes=4-3", 200, "(absent)", letters(26)},
      {"lines=0-4", 200, "(absent)", letters(26)},
      {"bytes=0-,0-", 200, "(absent)", letters(26)},
  };
  for (const row& each : rows) {
    INFO(each.range);
    const raw_response answer = on.get("/a", fmt::format("Range: {}\r\n", each.range));
    CHECK(answer.status == each.status);
    CHECK(answer.header("Content-Range") == each.content_range);
    CHECK(answer.body == each.body);
  }
  CHECK(on.get("/a", "Range: bytes=0-1\r\nRange: bytes=2-3\r\n").status == 200); // not a list's header
}

TEST_CASE("files: several ranges are multipart/byteranges of the announced length (RFC 9110 15.3.7.2)",
          "[beast][files]") {
  const download_server on;
  on.add("a.txt", letters(26));
  raw_client client(on.server.port());
  const raw_response answer = client.ask(get_request("/a.txt", "Range: bytes=0-1,-2, 30-, 4-6\r\n"));
  CHECK(answer.status == 206);
  CHECK(answer.header("Content-Range") == "(absent)");
  const std::string type = answer.header("Content-Type");
  const std::string_view begin = "multipart/byteranges; boundary=";
  REQUIRE(type.starts_with(begin));
  const std::string line = "--" + type.substr(begin.size());
  const auto part = [&](std::string_view range, std::string_view bytes) {
    return fmt::format("{}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {}/26\r\n\r\n{}\r\n",
                       line, range, bytes);
  };
  CHECK(answer.body == part("0-1", "ab") + part("24-25", "yz") + part("4-6", "efg") + line + "--\r\n");
  CHECK(client.ask(get_request("/a.txt")).body == letters(26)); // exactly that long
}

TEST_CASE("files: what is longer than the buffer goes out piece by piece", "[beast][files]") {
  const download_server on({.buffer_bytes = 4096});
  on.add("a", letters(10'000));
  CHECK(on.get("/a").body == letters(10'000));
  CHECK(on.get("/a", "Range: bytes=4000-8192\r\n").body == letters(10'000).substr(4000, 4193));
  const std::string several = on.get("/a", "Range: bytes=5000-9999,0-4095\r\n").body;
  CHECK(several.find("\r\n\r\n" + letters(10'000).substr(5000) + "\r\n--") != several.npos);
  CHECK(several.find("\r\n\r\n" + letters(4096) + "\r\n--") != several.npos);
}

TEST_CASE("files: conditions are heeded in their order, and If-Range last (RFC 9110 13.2.2)", "[beast][files]") {
  struct row {
    const char* what;
    std::string headers;
    unsigned status;
  };
  const download_server on;
  on.add("a", letters(26));
  const std::string tag = on.get("/a").header("ETag");
  const std::string range = "Range: bytes=0-1\r\n";
  const row rows[] = {
      {"If-Match of it", "If-Match: " + tag + "\r\n", 200},
      {"If-Match of another", "If-Match: \"x\"\r\n", 412},
      {"before the range", range + "If-Match: \"x\"\r\n", 412},
      {"If-Unmodified-Since before", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 412},
      {"If-None-Match of it", "If-None-Match: \"x\", W/" + tag + "\r\n", 304},
      {"in two lines", "If-None-Match: \"x\"\r\nIf-None-Match: " + tag + "\r\n", 304},
      {"If-None-Match before the range", range + "If-None-Match: " + tag + "\r\n", 304},
      {"If-None-Match of another, so no If-Modified-Since",
       fmt::format("If-None-Match: \"x\"\r\nIf-Modified-Since: {}\r\n", changed), 200},
      {"If-Modified-Since", fmt::format("If-Modified-Since: {}\r\n", changed), 304},
      {"If-Range of it", range + "If-Range: " + tag + "\r\n", 206},
      {"If-Range by the time", range + fmt::format("If-Range: {}\r\n", changed), 206},
      {"If-Range of another", range + "If-Range: \"x\"\r\n", 200},
      {"If-Range of a weak tag", range + "If-Range: W/" + tag + "\r\n", 200},
      {"If-Range of another time", range + "If-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n", 200},
      {"If-Range of another, so no 416", "Range: bytes=99-\r\nIf-Range: \"x\"\r\n", 200},
  };
  for (const row& each : rows) {
    INFO(each.what);
    const raw_response answer = on.get("/a", each.headers);
    CHECK(answer.status == each.status);
    if (answer.status == 304) {
      CHECK(answer.body.empty());
      CHECK(answer.header("ETag") == tag); // RFC 9110 15.4.5
      CHECK(answer.header("Content-Length") == "(absent)");
    }
  }
}

TEST_CASE("files: one that has just changed has a weak tag, which no range can rely on", "[beast][files]") {
  const download_server on;
  on.add("new", letters(26));
  on.settle("new", 4'102'444'800); // in a distant future, and so not over yet
  const std::string tag = on.get("/new").header("ETag");
  CHECK(tag.starts_with("W/\""));
  CHECK(on.get("/new", "If-None-Match: " + tag + "\r\n").status == 304);
  CHECK(on.get("/new", "Range: bytes=0-1\r\nIf-Range: " + tag + "\r\n").status == 200);
}

TEST_CASE("files: HEAD gets the header of GET, and no ranges (RFC 9110 14.2)", "[beast][files]") {
  const download_server on;
  on.add("a", letters(26));
  raw_client client(on.server.port());
  for (const char* headers : {"", "Range: bytes=0-4\r\n", "Range: bytes=99-\r\n"}) {
    const raw_response head = client.ask(fmt::format("HEAD /a HTTP/1.1\r\nHost: test\r\n{}\r\n", headers), false);
    CHECK(head.status == 200);
    CHECK(head.header("Content-Length") == "26");
    CHECK(head.header("Accept-Ranges") == "bytes");
  }
  const std::string tag = on.get("/a").header("ETag");
  CHECK(client.ask(fmt::format("HEAD /a HTTP/1.1\r\nHost: test\r\nIf-None-Match: {}\r\n\r\n", tag), false).status ==
        304);
  CHECK(client.ask(get_request("/a")).body == letters(26)); // nothing was in between
}

TEST_CASE("files: a slash that was encoded leads into subdirectories only where they are served", "[beast][files]") {
  const download_server names;
  fs::create_directory(names.root.file("sub"));
  names.add("sub/a", "below");
  for (const char* target : {"/sub/a", "/sub%2fa", "/%2e%2e%2fx", "/..", "/%00", "/sub", "/none"})
    CHECK(names.get(target).status == 404);

  const download_server tree({.subdirectories = true}, "/files/{file*}");
  fs::create_directory(tree.root.file("sub"));
  tree.add("sub/a", "below");
  fs::create_directory_symlink("..", tree.root.file("up"));
  CHECK(tree.get("/files/sub/a").body == "below");
  CHECK(tree.get("/files/sub%2fa").body == "below");
  for (const char* target : {"/files/", "/files/sub", "/files/sub/", "/files//sub/a", "/files/./sub/a", "/files/../a",
                             "/files/sub/%2e%2e/sub/a", "/files/%2fetc/passwd", "/files/up/etc", "/files/sub/a%00"}) {
    INFO(target);
    CHECK(tree.get(target).status == 404);
  }
}

TEST_CASE("files: type and disposition are as the options say", "[beast][files]") {
  const download_server on({.content_type = "application/x-test", .shown_as = weir::disposition::attachment});
  on.add("a b.html", "x");
  const raw_response answer = on.get("/a%20b.html");
  CHECK(answer.header("Content-Type") == "application/x-test");
  CHECK(answer.header("Content-Disposition") == "attachment; filename=\"a b.html\"");
}

TEST_CASE("files: a route without the parameter that names the file is said to be wrong, not each file to be missing",
          "[beast][files]") {
  download_server on({}, "/{path*}");
  on.add("a.txt", "a");
  CHECK(on.get("/a.txt").status == 500);
  CHECK(on.get("/").status == 500);
  const auto said = on.server.by.lines_of("server");
  REQUIRE(said.size() == 2);
  CHECK(json_member(said[0], "message").find("has no parameter {file}") != std::string::npos);
  CHECK(json_member(said[0], "http.route") == "/{path*}");

  const download_server named({.param = "path", .subdirectories = true}, "/{path*}");
  named.add("a.txt", "a");
  CHECK(named.get("/a.txt").body == "a");
  CHECK(named.get("/").status == 404); // that is no file
}

TEST_CASE("files: options out of range are refused, and named", "[beast][files]") {
  CHECK_THROWS_WITH(weir::static_files("/tmp", {.buffer_bytes = 4095}), Catch::Contains("buffer_bytes is 4095"));
  CHECK_THROWS_WITH(weir::static_files("/tmp", {.buffer_bytes = (16U << 20) + 1}), Catch::Contains("buffer_bytes"));
  CHECK_THROWS_WITH(weir::static_files("/tmp", {.bytes_per_second = 1}), Catch::Contains("bytes_per_second is 1"));
  CHECK_THROWS_WITH(weir::static_files("/tmp", {.param = ""}), Catch::Contains("param"));
  CHECK_THROWS_WITH(weir::static_files("/does/not/exist"), Catch::Contains("/does/not/exist"));
}

namespace {

/// More than the kernel's buffers hold, and no room on the disk.
constexpr std::uint64_t large = 64U << 20;

/// A client that has begun to read a file, and goes no further.
raw_client stuck_reader(const download_server& on, std::string_view name) {
  raw_client client(on.server.port());
  client.send(get_request(name));
  client.take(1);
  return client;
}

/// The access record of the only request.
std::string finished_line(observed& by) {
  std::vector<std::string> lines;
  while ((lines = by.access_lines()).empty()) std::this_thread::yield();
  return lines.front();
}

} // namespace

TEST_CASE("files: one that becomes shorter while it is sent ends the connection, and is counted and logged as failed",
          "[beast][files]") {
  download_server on;
  on.add("a", "");
  fs::resize_file(on.root.file("a"), large);
  raw_client client = stuck_reader(on, "/a");
  fs::resize_file(on.root.file("a"), 1000);
  CHECK(client.at_end());
  const std::string line = finished_line(on.server.by);
  CHECK(json_member(line, "outcome") == "failed");
  CHECK(json_member(line, "error.message") == "the file has become shorter while it was sent");
  CHECK(on.server.by.lines_of("server").size() == 1);
}

TEST_CASE("files: one that grows while it is sent keeps the length that was announced", "[beast][files]") {
  const download_server on;
  on.add("a", "");
  constexpr std::uint64_t size = 16U << 20;
  fs::resize_file(on.root.file("a"), size);
  raw_client client(on.server.port());
  client.send(get_request("/a"));
  char first;
  REQUIRE(::recv(client.get(), &first, 1, MSG_PEEK) == 1);
  fs::resize_file(on.root.file("a"), size + 1000);
  CHECK(client.read().body.size() == size);
  CHECK(client.ask(get_request("/none")).status == 404);
}

TEST_CASE("files: a client that goes ends its download", "[beast][files]") {
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{1024}}) {
    download_server on({.bytes_per_second = limit});
    on.add("a", "");
    fs::resize_file(on.root.file("a"), large);
    stuck_reader(on, "/a").close();
    const std::string line = finished_line(on.server.by);
    CHECK(json_member(line, "outcome") == "cancelled");
    CHECK(json_member(line, "cancel.phase") == "write");
    CHECK(std::stoull(json_member(line, "http.response.body.size")) < large);
  }
}

TEST_CASE("files: a limited download takes its time", "[beast][files]") {
  const download_server on({.bytes_per_second = 800'000});
  on.add("a", letters(200'000));
  const auto begun = std::chrono::steady_clock::now();
  CHECK(on.get("/a").body == letters(200'000));
  // Two chunks of an eighth of a second, of which the first goes out at once.
  CHECK(std::chrono::steady_clock::now() - begun >= 124ms);
}
