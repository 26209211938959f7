// The client over TLS: whom it trusts, how it says good-bye, and what a broken handshake becomes.
#include "weir/beast/client.hpp"

#include "client_fixture.hpp"
#include "tls_server.hpp"

#include <future>
#include <optional>

#include <catch2/catch.hpp>

using namespace weir_test;

namespace {

/// Why that call had no answer: category and message.
std::string failure_of(caller& calling, const std::string& url) {
  try {
    calling.send({"GET", url});
    return "none";
  } catch (const boost::system::system_error& error) {
    return std::string(error.code().category().name()) + ": " + error.what();
  }
}

void read_greeting(const raw_socket& from) {
  char part[4096];
  CHECK(::recv(from.get(), part, sizeof part, 0) > 0);
}

} // namespace

TEST_CASE("client: https goes over one connection for many calls, to whom the certificate names",
          "[beast][client][tls]") {
  const certificate its;
  tls_server server(its);
  {
    caller calling({.tls = its.trusted()});
    for (int i = 0; i < 3; ++i) {
      const client_response got = calling.send({"GET", server.url()});
      CHECK(got.status == 200);
      CHECK(got.body == "ok");
    }
    CHECK(server.connections == 1);
    CHECK(server.asked_for() == "localhost");
    CHECK(calling.calls({{"server_address", "localhost"},
                         {"server_port", std::to_string(server.port())},
                         {"http_response_status_code", "200"}}) == 3);
    // The plain one is another server's, were it of the same name and port.
    CHECK(failure_of(calling, "http" + server.url().substr(5)) != "none");
    CHECK(calling.send({"GET", server.url("127.0.0.1")}).status == 200);
  }
  // It goes before them, and tells them.
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (server.goodbyes < 2 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  CHECK(server.goodbyes == 2);
}

TEST_CASE("client: whom it trusts is said by a context of one's own", "[beast][client][tls]") {
  const certificate its;
  const std::string authority = its.pem();
  tls_server server(its);
  auto tls = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
  tls->add_certificate_authority(boost::asio::buffer(authority));
  weir::http_client client({.tls = tls});
  boost::asio::io_context io;
  auto response = boost::asio::co_spawn(io, client.send({}, {"GET", server.url()}), boost::asio::use_future);
  io.run();
  CHECK(response.get().body == "ok");
}

TEST_CASE("client: a server that does not prove who it is gets no request", "[beast][client][tls]") {
  const certificate good, other({.names = "DNS:*.example.org,IP:192.0.2.1"}), old({.valid_until_s = -60});
  const auto refusal = [](const certificate& its, weir::client_options options, const std::string& host) {
    tls_server server(its);
    caller calling(std::move(options));
    const std::string why = failure_of(calling, server.url(host));
    CHECK(server.requests == 0);
    CHECK(calling.calls({{"http_response_status_code", ""}}) == 1);
    CHECK(json_member(calling.lines().at(0), "error.message").starts_with("the server's certificate is refused"));
    return why;
  };
  using Catch::Contains, Catch::StartsWith;
  CHECK_THAT(refusal(good, {}, "localhost"), StartsWith("weir.certificate: ") && Contains("self-signed certificate"));
  CHECK_THAT(refusal(other, {.tls = other.trusted()}, "localhost"),
             StartsWith("weir.certificate: TLS handshake with localhost") && Contains("ostname mismatch"));
  CHECK_THAT(refusal(other, {.tls = other.trusted()}, "127.0.0.1"), Contains("IP address mismatch"));
  CHECK_THAT(refusal(old, {.tls = old.trusted()}, "localhost"), Contains("has expired"));

  // Unless that is what is wanted.
  tls_server server(old);
  caller careless({.verify_servers = false});
  CHECK(careless.send({"GET", server.url()}).status == 200);
}

TEST_CASE("client: a handshake that breaks off or does not end fails the call", "[beast][client][tls]") {
  raw_listener broken;
  const std::string url = fmt::format("https://127.0.0.1:{}/", broken.port());
  SECTION("closed within") {
    caller calling;
    auto response = std::async(std::launch::async, [&] { return calling.send({"GET", url}); });
    {
      const raw_socket asked = broken.accept();
      read_greeting(asked);
    }
    CHECK_THROWS_AS(response.get(), boost::system::system_error);
  }
  SECTION("no TLS at all") {
    caller calling;
    auto response = std::async(std::launch::async, [&] { return calling.send({"GET", url}); });
    const raw_socket asked = broken.accept();
    read_greeting(asked);
    asked.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    CHECK_THROWS_WITH(response.get(), Catch::Contains("TLS handshake with 127.0.0.1"));
  }
  SECTION("silence, until the time-out") {
    caller hasty({.timeout = 200ms, .tls = certificate().trusted()});
    try {
      hasty.send({"GET", url}); // the kernel connects it
      FAIL("it has an answer");
    } catch (const std::system_error& error) {
      CHECK(error.code() == std::errc::timed_out);
    }
    CHECK(hasty.calls({{"error_type", "timeout"}}) == 1);
  }
  SECTION("silence, until the context ends") {
    caller calling;
    const auto [ctx, cancel] = weir::with_cancel(weir::background());
    auto response = std::async(std::launch::async, [&calling, &url, c = ctx] {
      return calling.send({"GET", url}, c);
    });
    const raw_socket asked = broken.accept();
    read_greeting(asked);
    cancel(weir::cancel_reason::application);
    CHECK_THROWS_AS(response.get(), std::system_error);
    CHECK(is_at_end(asked));
    CHECK(calling.calls({{"error_type", "application"}}) == 1);
  }
}

TEST_CASE("client: the end of TLS ends a body, the end of TCP alone cuts it off", "[beast][client][tls]") {
  const certificate its;
  const auto answer = [&](goodbye ends) {
    tls_server server(its, "HTTP/1.1 200 OK\r\n\r\nto the end", ends);
    caller calling({.tls = its.trusted()});
    return calling.send({"GET", server.url()}).body;
  };
  CHECK(answer(goodbye::notified) == "to the end");
  CHECK_THROWS_AS(answer(goodbye::unnotified), boost::system::system_error);
}

TEST_CASE("client: a kept TLS connection that its server closes is replaced", "[beast][client][tls]") {
  const certificate its;
  for (const goodbye ends : {goodbye::notified, goodbye::unnotified}) {
    tls_server server(its, tls_server::ok, ends);
    caller calling({.tls = its.trusted()});
    for (int i = 0; i < 3; ++i) CHECK(calling.send({"GET", server.url()}).body == "ok");
    CHECK(server.connections == 3);
  }
}

TEST_CASE("client: over TLS, too, an answer counts while the request is still being sent", "[beast][client][tls]") {
  const certificate its;
  tls_server refusing(its, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  caller calling({.tls = its.trusted()});
  client_request upload("POST", refusing.url());
  upload.body.assign(8 << 20, '\n'); // more than it reads, byte by byte, by then
  CHECK(calling.send(std::move(upload)).status == 413);
}
