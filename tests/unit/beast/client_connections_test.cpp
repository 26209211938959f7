// The client's connections: which are kept, replaced and closed, and what of a call each of them has seen.
#include "weir/beast/client.hpp"

#include "client_fixture.hpp"

#include <future>
#include <optional>

#include <catch2/catch.hpp>

using namespace weir_test;

TEST_CASE("client: connections are kept for the next call, and one that was closed is replaced", "[beast][client]") {
  std::optional<running_server> peer(std::in_place, [](weir::http_server& on) { on.get("/tell", tell_headers); });
  caller calling;
  CHECK(calling.get(peer->port(), "/tell").status == 200);
  CHECK(calling.get(peer->port(), "/tell").status == 200);
  const std::uint16_t port = peer->port();
  peer.reset();
  CHECK_THROWS_AS(calling.get(port, "/tell"), boost::system::system_error);
  CHECK(calling.calls({{"error_type", "connection_refused"}}) == 1);

  // It says that it keeps the connection, and does not.
  canned_server liar("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true);
  for (int i = 0; i < 3; ++i) CHECK(calling.get(liar.port(), "/").body == "ok");
  CHECK(liar.connections == 3);
  canned_server keeper("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", false);
  for (int i = 0; i < 3; ++i) CHECK(calling.get(keeper.port(), "/").body == "ok");
  CHECK(keeper.connections == 3);
}

// The first line of Connection was looked at: the next call, a POST, went to a connection that was just being closed.
TEST_CASE("client: what any line of Connection says counts, and close before all (RFC 9112 9.3)", "[beast][client]") {
  caller calling({.timeout = 5s});
  const auto get_after = [&](const raw_listener& server, std::string_view head) {
    auto response = std::async(std::launch::async, [&] { return calling.get(server.port(), "/"); });
    raw_socket asked = server.accept();
    read_head(asked);
    asked.send(fmt::format("{}Content-Length: 2\r\n\r\nok", head));
    CHECK(response.get().body == "ok");
    return asked;
  };
  for (const char* head : {"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\n",
                           "HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\n",
                           "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nConnection: Close\r\n",
                           "HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\n",
                           "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\n",
                           "HTTP/1.0 200 OK\r\nConnection: foo\r\n"}) {
    CAPTURE(head);
    const raw_listener server;
    CHECK(is_at_end(get_after(server, head)));
  }
  for (const char* head : {"HTTP/1.1 200 OK\r\nConnection: foo\r\nConnection: bar\r\n",
                           "HTTP/1.0 200 OK\r\nConnection: foo\r\nConnection: keep-alive\r\n"}) {
    CAPTURE(head);
    const raw_listener server;
    const raw_socket kept = get_after(server, head);
    auto next = std::async(std::launch::async, [&] { return calling.get(server.port(), "/next"); });
    CHECK(read_head(kept).starts_with("GET /next "));
    answer_to(kept);
    CHECK(next.get().body == "ok");
  }
}

TEST_CASE("client: a host is one server, in upper or in lower case", "[beast][client]") {
  running_server peer([](weir::http_server& on) { on.get("/tell", tell_headers); });
  caller calling;
  for (const char* host : {"localhost", "LOCALHOST"})
    calling.send({"GET", fmt::format("http://{}:{}/tell", host, peer.port())});
  CHECK(calling.calls({{"server_address", "localhost"}}) == 2);
}

TEST_CASE("client: idle connections are closed after a while, and the oldest for a newer one", "[beast][client]") {
  caller forgetful({.idle_timeout = 20ms});
  raw_listener first, second;
  CHECK(is_at_end(get_from(first, forgetful)));
  caller narrow({.all_idle_connections = 1});
  const raw_socket older = get_from(first, narrow), newer = get_from(second, narrow);
  CHECK(is_at_end(older));
  CHECK(is_open(newer));
}

TEST_CASE("client: a call whose context has ended is not sent over a kept connection", "[beast][client]") {
  raw_listener server;
  caller calling({.timeout = 5s});
  const raw_socket kept = get_from(server, calling);
  const auto [ended, cancel] = weir::with_cancel(weir::background());
  cancel();
  CHECK_THROWS_AS(calling.send({"DELETE", url_of(server.port(), "/ended")}, ended), std::system_error);
  // Nor is the connection lost by it.
  auto response = std::async(std::launch::async, [&] { return calling.get(server.port(), "/next"); });
  CHECK(read_head(kept).starts_with("GET /next "));
  answer_to(kept);
  CHECK(response.get().body == "ok");
}

TEST_CASE("client: an answer that comes before the whole request was sent is not lost", "[beast][client]") {
  raw_listener refusing;
  caller calling;
  client_request upload("POST", url_of(refusing.port(), "/"));
  upload.body.assign(16 << 20, 'x');
  auto response = std::async(std::launch::async, [&] { return calling.send(upload); });
  {
    const raw_socket asked = refusing.accept();
    read_head(asked);
    asked.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  }
  const client_response got = response.get();
  CHECK(got.status == 413);
  CHECK(got.body == "no");
}

TEST_CASE("client: an answer counts while the request is still being sent, and ends that", "[beast][client]") {
  raw_listener refusing;
  caller calling;
  client_request upload("POST", url_of(refusing.port(), "/"));
  upload.body.assign(64 << 20, 'x'); // more than any kernel buffers
  auto response = std::async(std::launch::async, [&] { return calling.send(upload); });
  const raw_socket asked = refusing.accept();
  read_head(asked);
  asked.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  const client_response got = response.get();
  CHECK(got.status == 413);
  CHECK(got.body == "no");
  CHECK(is_at_end(asked)); // nobody could send a next request there
}

TEST_CASE("client: a request is not repeated when a response has begun", "[beast][client]") {
  raw_listener failing;
  caller calling({.timeout = 5s});
  raw_socket kept = get_from(failing, calling);
  auto response = std::async(std::launch::async, [&] { return calling.get(failing.port(), "/"); });
  read_head(kept);
  kept.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
  kept.reset();
  CHECK_THROWS_AS(response.get(), boost::system::system_error);
}

TEST_CASE("client: an error names the server, and whether the request or the response was under way",
          "[beast][client]") {
  raw_listener failing;
  caller calling;
  const std::string server = fmt::format("http://127.0.0.1:{}", failing.port());
  const auto why = [&](client_request request, auto answer) {
    auto response = std::async(std::launch::async, [&] { return calling.send(std::move(request)); });
    {
      raw_socket asked = failing.accept();
      read_head(asked);
      answer(asked);
    }
    try {
      response.get();
    } catch (const boost::system::system_error& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  using Catch::StartsWith;
  const std::string reading = "reading the response of " + server + ": ";
  const std::string sending = "sending the request to " + server + ": ";
  CHECK_THAT(why({"GET", server + "/"}, [](raw_socket&) {}), StartsWith(reading));
  client_request upload("POST", server + "/");
  upload.body.assign(64 << 20, 'x'); // more than any kernel buffers
  // Both are under way, and either may find the reset.
  CHECK_THAT(why(std::move(upload), [](raw_socket& asked) { asked.reset(); }),
             StartsWith(reading) || StartsWith(sending));
}
