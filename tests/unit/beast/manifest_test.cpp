// Manifests: the hashes of a file's blocks.
#include "manifests.hpp"

#include "log/temporary_directory.hpp"
#include "server_fixture.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace weir_test;

namespace {

namespace fs = std::filesystem;

constexpr std::string_view abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2
constexpr std::string_view xyz = "3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282";
constexpr std::string_view zeros = "ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7"; // 4096 of them

struct manifest_server {
  explicit manifest_server(weir::manifest_options options = {.block_bytes = 4096})
      : server([&](weir::http_server& on) {
          on.get("/{file}", weir::static_files(root.path(), {.manifest = options}));
          on.get("/copies/{file}",
                 weir::static_files(root.path(), {.manifest = options, .tags = weir::tag_parts::none}));
        }) {}

  void add(const std::string& name, std::string_view text, std::time_t changed = 784'111'777) const {
    std::ofstream(root.file(name), std::ios::binary) << text;
    const timespec times[2] = {{changed, 0}, {changed, 0}};
    if (::utimensat(AT_FDCWD, root.file(name).c_str(), times, 0) != 0) throw std::runtime_error("utimensat");
  }
  raw_response get(std::string_view target) const {
    raw_client client(server.port());
    return client.get(target);
  }

  temporary_directory root;
  running_server server;
};

} // namespace

TEST_CASE("manifest: size, blocks and hashes of a file's state", "[beast][manifest]") {
  const manifest_server on;
  std::string text(8192, '\0');
  text += "abc";
  on.add("a", text);
  const std::string tag = on.get("/a").header("ETag");
  const raw_response answer = on.get("/a?manifest");
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == "application/json");
  CHECK(answer.body == fmt::format(R"({{"etag":"\"{}\"","size":8195,"block_size":4096,"block_count":3,)"
                                   R"("algorithm":"sha-256","blocks":["{}","{}","{}"]}})"
                                   "\n",
                                   tag.substr(1, tag.size() - 2), zeros, zeros, abc));
  on.add("empty", "");
  CHECK(json_member(on.get("/empty?manifest").body, "block_count") == "0");
  CHECK(on.get("/none?manifest").status == 404);
  CHECK(on.get("/a?manifests").body.size() == 8195);
}

TEST_CASE("manifest: files that have one tag have their own", "[beast][manifest]") {
  const manifest_server on;
  on.add("a", "abc");
  on.add("b", "xyz");
  CHECK(on.get("/copies/a").header("ETag") == on.get("/copies/b").header("ETag"));
  for (int i = 0; i < 2; ++i) {
    CHECK(on.get("/copies/a?manifest").body.find(abc) != std::string::npos);
    CHECK(on.get("/copies/b?manifest").body.find(xyz) != std::string::npos);
  }
  const std::string tag = on.get("/copies/a").header("ETag");
  CHECK(json_member(on.get("/copies/a?manifest").body, "etag") == "\\" + tag.substr(0, tag.size() - 1) + "\\\"");
}

TEST_CASE("manifest: only where it was asked for", "[beast][manifest]") {
  const temporary_directory root;
  std::ofstream(root.file("a")) << "abc";
  const running_server server([&](weir::http_server& on) { on.get("/{file}", weir::static_files(root.path())); });
  raw_client client(server.port());
  CHECK(client.get("/a?manifest").body == "abc");
}

TEST_CASE("manifest: remembered for a state of the file, not beyond it", "[beast][manifest]") {
  const manifest_server on;
  on.add("a", "abc");
  CHECK(on.get("/a?manifest").body.find(abc) != std::string::npos);
  on.add("a", "xyz"); // the same inode, size and time: nobody could tell
  CHECK(on.get("/a?manifest").body.find(abc) != std::string::npos);
  on.add("b", "xyz");
  fs::rename(on.root.file("b"), on.root.file("a"));
  CHECK(on.get("/a?manifest").body.find(xyz) != std::string::npos);
}

TEST_CASE("manifest: behind a weak tag nothing is remembered", "[beast][manifest]") {
  const manifest_server on;
  on.add("a", "abc", 4'102'444'800); // changed in a distant future, and so just now
  CHECK(on.get("/a?manifest").body.find(R"("etag":"W/\")") != std::string::npos);
  CHECK(on.get("/a?manifest").body.find(abc) != std::string::npos);
  on.add("a", "xyz", 4'102'444'800);
  CHECK(on.get("/a?manifest").body.find(xyz) != std::string::npos);
}

TEST_CASE("manifest: blocks grow with the file, so that there are not too many", "[beast][manifest]") {
  using weir::detail::block_bytes_of;
  CHECK(block_bytes_of(0, 4096) == 4096);
  CHECK(block_bytes_of(16384ULL * 4096 - 1, 4096) == 4096);
  CHECK(block_bytes_of(16384ULL * 4096 + 1, 4096) == 8192);
  CHECK(block_bytes_of(1ULL << 40, 1 << 20) == 64U << 20);
  for (const std::uint64_t size : {1ULL, 1ULL << 26, (1ULL << 26) + 1, 1ULL << 40, (1ULL << 62) + 1})
    CHECK((size - 1) / block_bytes_of(size, 4096) < 16384);
}

TEST_CASE("manifest: the cache keeps what was used last, within its limit", "[beast][manifest]") {
  weir::detail::text_cache cache(4000);
  const auto text = std::make_shared<const std::string>(1000, 'x');
  for (const char* key : {"a", "b", "c"}) cache.add(key, text);
  CHECK(cache.find("a") == text);
  cache.add("d", text); // a fourth one does not fit
  CHECK(cache.find("a") == text);
  CHECK(cache.find("b") == nullptr);
  CHECK(cache.find("c") == text);
  CHECK(cache.find("d") == text);
  cache.add("large", std::make_shared<const std::string>(5000, 'x'));
  CHECK(cache.find("large") == nullptr);
  CHECK(cache.find("d") == text);
  cache.add("e", text);
  CHECK(cache.find("e") == text);
}

TEST_CASE("manifest: a client that goes frees the thread for others", "[beast][manifest][concurrent]") {
  manifest_server on({.block_bytes = 1U << 20, .threads = 1});
  on.add("huge", "");
  fs::resize_file(on.root.file("huge"), 1ULL << 40);
  on.add("a", "abc");
  raw_client first(on.server.port()), second(on.server.port());
  first.send(get_request("/huge?manifest"));
  second.send(get_request("/huge?manifest"));
  while (on.server.by.sum("http_server_active_requests") < 2) std::this_thread::yield();
  first.close();
  second.close();
  CHECK(on.get("/a?manifest").body.find(abc) != std::string::npos);
  CHECK(on.get("/a").body == "abc");
}

TEST_CASE("manifest: many ask at once, and a server that stops does not wait for the end",
          "[beast][manifest][concurrent]") {
  manifest_server on({.block_bytes = 4096, .threads = 2});
  on.add("a", "abc");
  on.add("huge", "");
  fs::resize_file(on.root.file("huge"), 1ULL << 40);
  std::atomic<int> right{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] {
      // relaxed: read when the threads have ended.
      for (int n = 0; n < 20; ++n)
        right.fetch_add(on.get("/a?manifest").body.find(abc) != std::string::npos ? 1 : 0, std::memory_order_relaxed);
    });
  clients.clear();
  CHECK(right.load(std::memory_order_relaxed) == 80);
  raw_client last(on.server.port());
  last.send(get_request("/huge?manifest"));
  while (on.server.by.sum("http_server_active_requests") < 1) std::this_thread::yield();
  on.server.stop(0ms);
}

TEST_CASE("manifest: options out of range are refused, and named", "[beast][manifest]") {
  const auto with = [](weir::manifest_options options) { weir::static_files("/tmp", {.manifest = options}); };
  CHECK_THROWS_WITH(with({.block_bytes = 4095}), Catch::Contains("manifest.block_bytes is 4095"));
  CHECK_THROWS_WITH(with({.block_bytes = (64U << 20) + 1}), Catch::Contains("manifest.block_bytes"));
  CHECK_THROWS_WITH(with({.cache_bytes = (1U << 30) + 1}), Catch::Contains("manifest.cache_bytes"));
  CHECK_THROWS_WITH(with({.threads = 0}), Catch::Contains("manifest.threads is 0"));
  CHECK_THROWS_WITH(with({.threads = 65}), Catch::Contains("manifest.threads is 65"));
}
