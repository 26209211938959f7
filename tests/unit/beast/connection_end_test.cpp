// How a connection ends: so that its client gets what it was sent, and takes nothing for whole that is not.
#include "simple_server.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <system_error>

using namespace weir_test;

// It was closed after 256 KiB, and whoever was still sending found it broken before reading why.
TEST_CASE("connection end: who is refused may go on sending for a second, at a limited rate", "[beast][server]") {
  using clock = std::chrono::steady_clock;
  running_server server(simple_routes);
  raw_client client(server.port());
  const auto begun = clock::now();
  CHECK(client.ask(request("POST /echo HTTP/1.1", "Content-Length: 100000000000\r\n")).status == 413);
  CHECK(client.at_end());
  const std::string part(64 * 1024, 'x');
  std::size_t sent = 0;
  CHECK_THROWS_AS(([&] {
                    for (;; sent += part.size()) client.send(part);
                  }()),
                  std::system_error);
  const std::chrono::duration<double> took = clock::now() - begun;
  CHECK(took >= 1s);
  // 256 KiB in 10 ms, and what the two sockets hold.
  CHECK(static_cast<double>(sent) <= (took / 10ms + 2) * 256 * 1024 + 16e6);
}
