// Who a request comes from, as its connection has it.
#include "simple_server.hpp"
#include "weir/beast/limits.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <system_error>
#include <thread>

using namespace weir_test;

// It was asked for once the connection had been accepted: of one that was reset by then nobody knew any more, and all
// of them were one client to limit_rate().
TEST_CASE("peer: one that has gone before it is accepted is known all the same", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    simple_routes(on);
    // It listens, and does not accept yet.
    raw_client gone(on.port());
    gone.send(get_request("/hello"));
    gone.reset();
  });
  while (server.by.finished() == 0) std::this_thread::yield();
  server.stop(5s);
  CHECK(json_member(server.by.access_lines().at(0), "client.address") == "127.0.0.1");
}

TEST_CASE("peer: a client of IPv4 has its own address on a socket for both kinds", "[beast][server]") {
  weir::server_options options = quick();
  options.address = "::";
  try {
    weir::http_server tried(options);
  } catch (const std::system_error&) {
    WARN("this machine has no IPv6");
    return;
  }
  running_server server(
      [](weir::http_server& on) {
        on.get("/peer", [](http_request& in, http_response& out) -> task {
          out.body(fmt::format("{} {}", in.peer(), weir::client_of(in)));
          co_return;
        });
      },
      options);
  CHECK(raw_client(server.port()).get("/peer").body == "127.0.0.1 127.0.0.1");
  server.stop(5s); // its record comes behind its answer
  CHECK(json_member(server.by.access_lines().at(0), "client.address") == "127.0.0.1");
}
