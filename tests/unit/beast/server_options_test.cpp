// Options of servers and routes that cannot be meant, and ports that are taken: refused when they are given.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "weir/beast/silent_peer.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <system_error>

using namespace weir_test;

namespace {

task nothing(http_request&, http_response&) { co_return; }

} // namespace

TEST_CASE("server: a port that is taken is named", "[beast][server]") {
  const raw_listener taken;
  weir::server_options options;
  options.port = taken.port();
  try {
    weir::http_server server(options);
    FAIL("it listens on a port that is taken");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::address_in_use);
    CHECK_THAT(error.what(), Catch::Contains(fmt::format("127.0.0.1 port {}", taken.port())));
  }
}

TEST_CASE("server: options that make no sense are refused, and named with their value", "[beast][server]") {
  const auto refused = [](auto change) -> std::string {
    weir::server_options options = quick();
    change(options);
    try {
      weir::http_server server(options);
      return "taken";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  using options = weir::server_options;
  CHECK_THAT(refused([](options& o) { o.threads = 0; }), Catch::Contains("threads is 0"));
  CHECK_THAT(refused([](options& o) { o.threads = 1025; }), Catch::Contains("threads is 1025"));
  CHECK_THAT(refused([](options& o) { o.address = "here"; }), Catch::Contains("address is here"));
  CHECK_THAT(refused([](options& o) { o.header_limit_bytes = 1023; }), Catch::Contains("header_limit_bytes is 1023"));
  CHECK_THAT(refused([](options& o) { o.body_limit_bytes = (1U << 30) + 1; }),
             Catch::Contains("body_limit_bytes is 1073741825"));
  CHECK_THAT(refused([](options& o) { o.idle_timeout = 0ms; }), Catch::Contains("idle_timeout (ms) is 0"));
  CHECK_THAT(refused([](options& o) { o.watch.arm_after = 0ms; }), Catch::Contains("arm_after (ms) is 0"));
  CHECK(refused([](options&) {}) == "taken");
}

TEST_CASE("server: a descriptor that is no listening TCP socket is refused, and stays the caller's",
          "[beast][server]") {
  const auto refused = [](int descriptor, bool reuse_port = false) -> std::string {
    weir::server_options options = quick();
    options.listen_fd = descriptor;
    options.reuse_port = reuse_port;
    try {
      weir::http_server server(options);
      return "taken";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  const raw_socket idle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const raw_socket datagrams(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const raw_socket local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK_THAT(refused(-2), Catch::StartsWith("server_options.listen_fd is -2: ") && Catch::EndsWith("is no socket"));
  CHECK_THAT(refused(idle.get()), Catch::EndsWith("does not listen"));
  CHECK_THAT(refused(datagrams.get()), Catch::EndsWith("is of another type"));
  CHECK_THAT(refused(local.get()), Catch::EndsWith("is a Unix domain socket"));
  REQUIRE(::listen(idle.get(), 1) == 0);
  CHECK_THAT(refused(idle.get(), true), Catch::Contains("reuse_port is set"));
  CHECK(refused(::dup(idle.get())) == "taken");
}

TEST_CASE("limits: those that cannot be meant are refused", "[beast][server]") {
  weir::server_options options = quick();
  SECTION("a server's") {
    options.header_timeout = 0ms;
    CHECK_THROWS_WITH(weir::http_server(options), Catch::Contains("header_timeout (ms) is 0"));
    options = quick();
    options.silence_limit = 1ms;
    CHECK_THROWS_WITH(weir::http_server(options), Catch::Contains("silence_limit (ms) is 1"));
    CHECK_THROWS_WITH(weir::limit_silence(0, 2h), Catch::Contains("7200000 ms"));
    options = quick();
    options.busy_time = 2s;
    CHECK_THROWS_WITH(weir::http_server(options), Catch::Contains("server_options.busy_time (us) is 2000000"));
    options.busy_time = -1us;
    CHECK_THROWS_WITH(weir::http_server(options), Catch::Contains("busy_time (us) is -1"));
    options.busy_time = 1s;
    CHECK_NOTHROW(weir::http_server(options));
    options = quick();
    options.progress_timeout = 2h;
    CHECK_THROWS_WITH(weir::http_server(options), Catch::Contains("server_options.progress_timeout (ms) is 7200000"));
  }
  SECTION("a route's") {
    weir::http_server server(options);
    CHECK_THROWS_WITH(server.get("/", nothing, {.body_timeout = -1ms}),
                      Catch::Contains("route_limits.body_timeout (ms) is -1"));
    CHECK_THROWS_WITH(server.group("/a").limit({.body_limit_bytes = 2ULL << 30}),
                      Catch::Contains("route_limits.body_limit_bytes is 2147483648"));
  }
}
