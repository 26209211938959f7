// A server in a process that has no descriptors left.
#ifndef __SANITIZE_ADDRESS__ // with which goes UBSan, whose looks at objects' types want descriptors of their own
#include "log/temporary_directory.hpp"
#include "simple_server.hpp"
#include "weir/beast/files.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

using namespace weir_test;

namespace {

/// The process can have so many descriptors more, until this ends.
class few_descriptors {
 public:
  explicit few_descriptors(int more) {
    std::vector<int> next;
    for (int i = 0; i <= more; ++i) next.push_back(::dup(0));
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(*std::ranges::max_element(next)); // that one is too many
    for (const int each : next) ::close(each);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

} // namespace

TEST_CASE("descriptors: a file for which there is none is to be asked for again", "[beast][files]") {
  const temporary_directory root;
  std::ofstream(root.file("a.txt")) << "hello\n";
  running_server server([&](weir::http_server& on) {
    simple_routes(on);
    on.get("/files/{file}", weir::static_files(root.path()));
  });
  raw_client client(server.port());
  // It has its descriptor then. A file's would still be open for a moment behind its answer.
  CHECK(client.get("/hello").status == 200);
  {
    const few_descriptors none(0);
    const raw_response refused = client.get("/files/a.txt");
    CHECK(refused.status == 503);
    CHECK(refused.header("Retry-After") == "1");
  }
  CHECK(client.get("/files/a.txt").status == 200);
  server.stop(5s);
  CHECK(server.by.finished({{"error_type", "overload"}, {"http_response_status_code", "503"}}) == 1);
  CHECK(server.by.lines_of("server").empty());
}

// The watch of clients made its set of descriptors for a thread's first connection, and was too late.
TEST_CASE("descriptors: a connection takes one, the first one too", "[beast][server]") {
  running_server server(simple_routes);
  const few_descriptors two(2); // the client's and the server's
  CHECK(raw_client(server.port()).get("/hello").status == 200);
}
#endif
