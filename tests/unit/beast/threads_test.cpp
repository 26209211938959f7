// The adapter's own threads.
#include "client_fixture.hpp"
#include "log/temporary_directory.hpp"
#include "weir/beast/files.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

using namespace weir_test;

namespace {

/// The process's threads that take SIGTERM.
std::set<std::string> threads_open_to_sigterm() {
  std::set<std::string> open;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream status(each.path() / "status");
    for (std::string name; status >> name;) {
      std::string blocked;
      if (name == "SigBlk:" && status >> blocked && (std::stoull(blocked, nullptr, 16) >> (SIGTERM - 1) & 1) == 0)
        open.insert(each.path().filename());
    }
  }
  return open;
}

} // namespace

// A program that waits for SIGTERM with sigwait() lost it to a client made before it blocked the signal.
TEST_CASE("threads: those of client, names and manifests take none of the program's signals", "[beast][client]") {
  const std::set<std::string> before = threads_open_to_sigterm();
  const temporary_directory root;
  caller calls;
  const auto files = weir::static_files(root.path(), {.manifest = weir::manifest_options{}});
  CHECK_THROWS(calls.send({"GET", "http://localhost:1/"}));
  std::set<std::string> after = threads_open_to_sigterm();
  for (const std::string& each : before) after.erase(each);
  CHECK(after.empty());
}
