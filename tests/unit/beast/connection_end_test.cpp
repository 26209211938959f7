// How a connection ends: so that its client gets what it was sent, and takes nothing for whole that is not.
#include "simple_server.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/beast/middleware.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>

using namespace weir_test;

namespace {

/// Answers without a length, which a client of HTTP/1.0 has until the connection ends.
void unending_routes(weir::http_server& on) {
  const auto begin = [](http_request& in, http_response& out) -> task {
    if (co_await out.start()) co_return;
    if (co_await out.write(boost::asio::buffer("abc", 3))) co_return;
    if (in.path() == "/broken") throw std::runtime_error("the source is gone");
    if (in.path() != "/whole") co_await weir::sleep_for(in.ctx(), 1h);
  };
  on.get("/whole", begin);
  on.get("/broken", begin);
  on.get("/late", begin);
  on.get("/limited", weir::behind({weir::time_limit(50ms)}, begin));
  on.get("/endless",
         [](http_request&, http_response& out) -> task {
           const std::string part(1 << 20, 'x');
           if (co_await out.start()) co_return;
           while (!co_await out.write(boost::asio::buffer(part))) {
           }
         },
         {.progress_timeout = 50ms});
}

std::string old_request(std::string_view target) { return fmt::format("GET {} HTTP/1.0\r\n\r\n", target); }

} // namespace

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

// Its end looked like that of a whole one: a proxy that speaks HTTP/1.0 put it into its cache.
TEST_CASE("connection end: what breaks off within a body that ends with the connection is reset", "[beast][life]") {
  const bool is_observed = GENERATE(true, false);
  running_server server(unending_routes, quick(), is_observed);
  raw_client client(server.port());
  SECTION("as its handler throws") {
    client.send(old_request("/broken"));
    CHECK(client.is_reset());
  }
  SECTION("as its time is over") {
    client.send(old_request("/limited"));
    CHECK(client.is_reset());
  }
  SECTION("as its client takes nothing") {
    client.send(old_request("/endless"));
    server.begin_stop(1h);
    server.wait(); // returns when the request is over
    CHECK(client.is_reset());
  }
  SECTION("as the server stops") {
    CHECK(client.ask(old_request("/late")).status == 200);
    CHECK(client.take_text(3) == "abc");
    server.begin_stop(0ms);
    CHECK(client.is_reset());
  }
}

TEST_CASE("connection end: a whole body that ends with the connection ends in order", "[beast][life]") {
  running_server server(unending_routes);
  raw_client client(server.port());
  CHECK(client.ask(old_request("/whole")).status == 200);
  CHECK(client.take_text(100) == "abc");
  CHECK_FALSE(client.is_reset());
  raw_client asking(server.port());
  CHECK(asking.ask("HEAD /late HTTP/1.0\r\n\r\n", false).status == 200);
  server.begin_stop(0ms);
  CHECK_FALSE(asking.is_reset()); // it has all that it was to get
}

// The first line was looked at, or the first word.
TEST_CASE("connection end: what any line of Connection says counts, and close before all (RFC 9112 9.3)",
          "[beast][server]") {
  running_server server(simple_routes);
  const auto stays = [&](std::string_view version, std::string_view headers) {
    raw_client client(server.port());
    const raw_response answer = client.ask(fmt::format("GET /hello {}\r\nHost: test\r\n{}\r\n", version, headers));
    CHECK(answer.body == "hello\n");
    const bool is_told =
        version == "HTTP/1.1" ? answer.header("Connection") != "close" : answer.header("Connection") == "keep-alive";
    if (!is_told) CHECK(client.at_end());
    return is_told;
  };
  CHECK(stays("HTTP/1.1", ""));
  CHECK(stays("HTTP/1.1", "Connection: foo\r\nConnection: bar\r\n"));
  CHECK_FALSE(stays("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
  CHECK_FALSE(stays("HTTP/1.1", "Connection: close\r\nConnection: keep-alive\r\n"));
  CHECK_FALSE(stays("HTTP/1.1", "Connection: foo\r\nconnection: bar, Close\r\n"));
  CHECK_FALSE(stays("HTTP/1.0", ""));
  CHECK(stays("HTTP/1.0", "Connection: Keep-Alive\r\n"));
  CHECK(stays("HTTP/1.0", "Connection: foo\r\nConnection: keep-alive\r\n"));
  CHECK_FALSE(stays("HTTP/1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
}
