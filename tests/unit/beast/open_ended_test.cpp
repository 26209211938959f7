// Answers that end when their handler does, and not at a length that was announced.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "weir/asio/sleep.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace weir_test;

namespace {

constexpr const char* chunks = "2\r\nab\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";

void add_routes(weir::http_server& on) {
  on.get("/parts", [](http_request&, http_response& out) -> task {
    if (co_await out.start()) co_return;
    for (const std::string part : {"ab", "", "0123456789abcdef"})
      if (co_await out.write(boost::asio::buffer(part))) co_return;
  });
  on.get("/nothing", [](http_request&, http_response& out) -> task { co_await out.start(); });
  on.get("/broken", [](http_request&, http_response& out) -> task {
    if (co_await out.start()) co_return;
    co_await out.write(boost::asio::buffer("abc", 3));
    throw std::runtime_error("the source is gone");
  });
  on.get("/late", [](http_request& in, http_response& out) -> task {
    if (co_await out.start()) co_return;
    co_await out.write(boost::asio::buffer("abc", 3));
    co_await weir::sleep_for(in.ctx(), 1h);
  });
  on.get("/endless", [](http_request&, http_response& out) -> task {
    if (co_await out.start()) co_return;
    while (!co_await out.write(boost::asio::buffer("abc", 3))) {
    }
  });
  on.get("/huge", [](http_request&, http_response& out) -> task {
    if (co_await out.start(std::uint64_t{1} << 50)) co_return;
    while (!co_await out.write(boost::asio::buffer("abc", 3))) {
    }
  });
  on.get("/204", [](http_request&, http_response& out) -> task {
    if (co_await out.status(204).start() == std::errc::message_size) out.status(200).body("refused\n");
  });
}

} // namespace

TEST_CASE("open-ended: an answer without a length is sent in chunks, and the connection goes on", "[beast][life]") {
  running_server server(add_routes);
  raw_client client(server.port());
  for (int i = 0; i < 2; ++i) {
    const raw_response head = client.get("/parts");
    CHECK(head.header("Transfer-Encoding") == "chunked");
    CHECK(head.header("Content-Length") == "(absent)");
    CHECK(client.take_text(std::string(chunks).size()) == chunks);
  }
  CHECK(client.get("/nothing").status == 200);
  CHECK(client.take_text(5) == "0\r\n\r\n");
  CHECK(client.ask("HEAD /parts HTTP/1.1\r\nHost: test\r\n\r\n", false).status == 200);
  CHECK(client.get("/204").body == "refused\n");
  server.stop(5s);
  CHECK(server.by.finished({{"http_route", "/parts"}, {"error_type", ""}}) == 3);
  CHECK(json_member(server.by.access_lines().at(0), "http.response.body.size") == "18");
}

TEST_CASE("open-ended: to a client of HTTP/1.0 an answer without a length ends with the connection",
          "[beast][life]") {
  running_server server(add_routes);
  raw_client client(server.port());
  const raw_response head = client.ask("GET /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(head.header("Transfer-Encoding") == "(absent)");
  CHECK(client.take_text(1000) == "ab0123456789abcdef");
  CHECK(client.at_end());
  server.stop(5s);
  CHECK(server.by.finished({{"http_route", "/parts"}, {"error_type", ""}}) == 1);
}

TEST_CASE("open-ended: an answer that breaks off is not taken for a whole one", "[beast][life]") {
  running_server server(add_routes);
  SECTION("as its handler throws") {
    raw_client client(server.port());
    CHECK(client.get("/broken").status == 200);
    CHECK(client.take_text(1000) == "3\r\nabc\r\n");
    server.stop(5s);
    CHECK(server.by.finished({{"error_type", "exception"}}) == 1);
  }
  SECTION("as its client leaves") {
    {
      raw_client client(server.port());
      CHECK(client.get("/late").status == 200);
      CHECK(client.take_text(8) == "3\r\nabc\r\n");
    }
    server.stop(5s);
    CHECK(server.by.cancelled({{"reason", "client_closed"}, {"phase", "write"}}) == 1);
  }
  SECTION("as the server stops") {
    raw_client client(server.port());
    CHECK(client.get("/late").status == 200);
    CHECK(client.take_text(8) == "3\r\nabc\r\n");
    server.stop(0ms);
    CHECK(client.take_text(1000).empty());
    CHECK(server.by.cancelled({{"reason", "shutdown"}}) == 1);
  }
}

TEST_CASE("open-ended: HEAD of a body that never ends takes nobody's thread", "[beast][life]") {
  running_server server(add_routes);
  raw_client client(server.port());
  CHECK(client.ask("HEAD /endless HTTP/1.1\r\nHost: x\r\n\r\n", false).status == 200);
  CHECK(client.ask("HEAD /endless HTTP/1.1\r\nHost: x\r\n\r\n", false).status == 200);
  raw_client other(server.port());
  other.send("HEAD /huge HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(other.read(false).status == 200);
  CHECK(client.ask("HEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\n", false).status == 200); // on the same thread
}

// It went on in a thread of Asio's own, beside the server's.
TEST_CASE("open-ended: HEAD of a body in parts stays in the connection's thread", "[beast][life]") {
  std::vector<std::thread::id> threads;
  running_server server([&](weir::http_server& on) {
    on.get("/parts", [&](http_request&, http_response& out) -> task {
      if (co_await out.start(6)) co_return;
      for (int i = 0; i < 2; ++i) {
        threads.push_back(std::this_thread::get_id());
        if (co_await out.write(boost::asio::buffer("abc", 3))) co_return;
      }
      threads.push_back(std::this_thread::get_id());
    });
  });
  CHECK(raw_client(server.port()).ask("HEAD /parts HTTP/1.1\r\nHost: x\r\n\r\n", false).status == 200);
  server.stop(5s);
  CHECK(threads == std::vector(3, threads.at(0)));
}
