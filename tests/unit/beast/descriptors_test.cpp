// A server in a process that has no descriptors left.
#ifndef __SANITIZE_ADDRESS__ // with which goes UBSan, whose looks at objects' types want descriptors of their own
#include "few_descriptors.hpp"
#include "log/temporary_directory.hpp"
#include "simple_server.hpp"
#include "weir/beast/files.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

using namespace weir_test;

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
