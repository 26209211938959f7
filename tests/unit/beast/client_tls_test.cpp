// The client over TLS: whom it trusts, how it says good-bye, and what a broken handshake becomes.
#include "weir/beast/client.hpp"

#include "client_fixture.hpp"
#include "key_updates.hpp"
#include "tls_server.hpp"

#include <openssl/ssl.h>

#include <atomic>
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

TEST_CASE("client: a context of one's own may refuse more, and lets nobody pass", "[beast][client][tls]") {
  const certificate its;
  using boost::asio::ssl::verify_context;
  const auto why = [&](const std::shared_ptr<boost::asio::ssl::context>& tls, const char* ciphers) {
    tls_server server(its, tls_server::ok, goodbye::client_first, ciphers);
    caller calling({.tls = tls});
    std::string failure = failure_of(calling, server.url());
    CHECK(server.requests == 0);
    return failure;
  };
  using Catch::Contains, Catch::StartsWith;
  const auto mistrusting = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
  SECTION("a callback that is content with everything") {
    mistrusting->set_verify_callback([](bool, verify_context&) { return true; });
    CHECK_THAT(why(mistrusting, nullptr), StartsWith("weir.certificate: ") && Contains("self-signed certificate"));
  }
  SECTION("a callback that takes the verdict back") {
    mistrusting->set_verify_callback([](bool, verify_context& chain) {
      X509_STORE_CTX_set_error(chain.native_handle(), X509_V_OK);
      return true;
    });
    CHECK_THAT(why(mistrusting, nullptr), StartsWith("weir.certificate: ") && Contains("self-signed certificate"));
  }
  SECTION("a verification that does not mind what it has found") {
    const auto careless = [](X509_STORE_CTX* chain, void*) {
      X509_verify_cert(chain);
      return 1;
    };
    SSL_CTX_set_cert_verify_callback(mistrusting->native_handle(), careless, nullptr);
    CHECK_THAT(why(mistrusting, nullptr), StartsWith("weir.certificate: ") && Contains("self-signed certificate"));
  }
  SECTION("ciphers without a certificate") {
    SSL_CTX_set_max_proto_version(mistrusting->native_handle(), TLS1_2_VERSION);
    REQUIRE(SSL_CTX_set_cipher_list(mistrusting->native_handle(), "ALL:@SECLEVEL=0") == 1);
    CHECK_THAT(why(mistrusting, "AECDH-AES128-SHA:@SECLEVEL=0"),
               StartsWith("weir.certificate: ") && Contains("without a certificate"));
  }
  SECTION("a callback that refuses") {
    const auto tls = its.trusted();
    tls->set_verify_callback([](bool, verify_context&) { return false; });
    CHECK_THAT(why(tls, nullptr), Contains("TLS handshake with localhost"));
  }
}

TEST_CASE("client: TLS 1.2 serves as well as 1.3", "[beast][client][tls]") {
  const certificate its;
  tls_server server(its);
  caller modern({.tls = its.trusted()});
  CHECK(modern.send({"GET", server.url()}).body == "ok");
  CHECK(server.version() == "TLSv1.3");

  const auto tls = its.trusted();
  SSL_CTX_set_max_proto_version(tls->native_handle(), TLS1_2_VERSION);
  caller calling({.tls = tls});
  for (int i = 0; i < 3; ++i) CHECK(calling.send({"GET", server.url()}).body == "ok");
  CHECK(server.version() == "TLSv1.2");
  CHECK(server.connections == 2);
}

TEST_CASE("client: a server that asks who it is is told by a context of one's own", "[beast][client][tls]") {
  const certificate its, own({.common_name = "client"}), another({.common_name = "another"});
  const auto with = [&](const certificate* shown, int version) {
    const auto tls = its.trusted();
    SSL_CTX_set_max_proto_version(tls->native_handle(), version);
    if (shown != nullptr) {
      SSL_CTX_use_certificate(tls->native_handle(), shown->get());
      SSL_CTX_use_PrivateKey(tls->native_handle(), shown->key());
    }
    tls_server server(its, tls_server::ok, goodbye::client_first, nullptr, &own);
    caller calling({.tls = tls});
    std::string failure = failure_of(calling, server.url());
    CHECK(server.requests == (failure == "none" ? 1 : 0));
    CHECK(calling.calls({{"server_address", "localhost"}}) == 1);
    return failure;
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CHECK(with(&own, version) == "none");
    // In TLS 1.3 it has shaken hands and sent its request by then, and may be reset.
    for (const certificate* wrong : {static_cast<const certificate*>(nullptr), &another}) {
      const std::string why = with(wrong, version);
      CAPTURE(why);
      const bool is_named = why.find("reading the response of https://localhost:") != why.npos ||
                            why.find("sending the request to https://localhost:") != why.npos;
      CHECK((version == TLS1_2_VERSION ? why.find("TLS handshake with localhost") != why.npos : is_named));
    }
  }
}

TEST_CASE("client: whom a certificate is for is said by its alternative names alone", "[beast][client][tls]") {
  const auto outcome = [](const certificate_options& options, const std::string& host) {
    const certificate its(options);
    tls_server server(its);
    caller calling({.tls = its.trusted()});
    return failure_of(calling, server.url(host));
  };
  using Catch::Contains;
  CHECK_THAT(outcome({.names = "IP:192.0.2.1", .common_name = "localhost"}, "localhost"),
             Contains("ostname mismatch"));
  const certificate_options wildcard{.names = "DNS:*.stock.test"};
  CHECK(outcome(wildcard, "one.stock.test") == "none");
  CHECK_THAT(outcome(wildcard, "stock.test"), Contains("ostname mismatch"));
  CHECK_THAT(outcome(wildcard, "one.two.stock.test"), Contains("ostname mismatch"));
  CHECK_THAT(outcome({.names = "DNS:on*.stock.test"}, "one.stock.test"), Contains("ostname mismatch"));
}

TEST_CASE("client: a name with a dot at its end is the same server's", "[beast][client][tls]") {
  const certificate its({.names = "DNS:stock.test"});
  tls_server server(its);
  caller calling({.tls = its.trusted()});
  CHECK(failure_of(calling, server.url("stock.test.")) == "none");
  CHECK(server.asked_for() == "stock.test");
}

TEST_CASE("client: a certificate may be for an IPv6 address", "[beast][client][tls]") {
  const int has_v6 = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (has_v6 < 0) return;
  ::close(has_v6);
  const certificate its({.names = "IP:::ffff:127.0.0.1"}), other({.names = "IP:::1"});
  const auto outcome = [](const certificate& whose) {
    tls_server server(whose);
    caller calling({.tls = whose.trusted()});
    return failure_of(calling, server.url("[::ffff:127.0.0.1]"));
  };
  CHECK(outcome(its) == "none");
  CHECK_THAT(outcome(other), Catch::Contains("IP address mismatch"));
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
  const auto answer = [&](goodbye ends, const char* length = "") {
    tls_server server(its, fmt::format("HTTP/1.1 200 OK\r\n{}\r\nto the end", length), ends);
    caller calling({.tls = its.trusted()});
    return calling.send({"GET", server.url()}).body;
  };
  CHECK(answer(goodbye::notified) == "to the end");
  CHECK_THROWS_AS(answer(goodbye::unnotified), boost::system::system_error);
  // Unless it says that there is more of it.
  CHECK_THROWS_AS(answer(goodbye::notified, "Content-Length: 11\r\n"), boost::system::system_error);
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

TEST_CASE("client: a server that floods behind its last response does not hold the client's thread",
          "[beast][client][tls]") {
  const certificate its;
  const auto flood = [](SSL* tls, const raw_socket&) {
    for (int i = 0; i < 2000; ++i) {
      SSL_key_update(tls, SSL_KEY_UPDATE_NOT_REQUESTED);
      SSL_do_handshake(tls);
    }
  };
  tls_server server(its, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", goodbye::client_first,
                    nullptr, nullptr, flood);
  std::atomic<int> key_updates{0};
  const auto tls = its.trusted();
  weir_test::count_key_updates(tls->native_handle(), key_updates);
  {
    caller calling({.tls = tls});
    CHECK(calling.send({"GET", server.url()}).body == "ok");
  }
  CHECK(key_updates == 0); // what came behind the response was not looked at
}

TEST_CASE("client: a kept TLS connection on which something is wrong is replaced", "[beast][client][tls]") {
  const certificate its;
  const auto forge = [](SSL*, const raw_socket& client) {
    client.send({"\x17\x03\x03\x00\x15no record of its keys", 5 + 21});
  };
  tls_server server(its, tls_server::ok, goodbye::client_first, nullptr, nullptr, forge);
  caller calling({.tls = its.trusted()});
  for (int i = 0; i < 3; ++i) CHECK(failure_of(calling, server.url()) == "none");
  CHECK(server.connections == 3);
}

TEST_CASE("client: over TLS, too, an answer counts while the request is still being sent", "[beast][client][tls]") {
  const certificate its;
  tls_server refusing(its, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  caller calling({.tls = its.trusted()});
  client_request upload("POST", refusing.url());
  upload.body.assign(8 << 20, '\n'); // more than it reads, byte by byte, by then
  CHECK(calling.send(std::move(upload)).status == 413);
}
