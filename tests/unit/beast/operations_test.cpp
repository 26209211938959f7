// The endpoints of those who run a server, and how it says that it is about to stop.
#include "weir/beast/operations.hpp"

#include "server_fixture.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

using namespace weir_test;

namespace {

std::string put_request(std::string_view target, std::string_view body, std::string_view headers = "") {
  return fmt::format("PUT {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{}\r\n{}", target, body.size(),
                     headers, body);
}

std::string get_from(std::string_view host, std::string_view target, std::string_view headers = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", target, host, headers);
}

} // namespace

TEST_CASE("operations: a server is ready until it is told to stop, and goes on serving for a while", "[beast]") {
  std::atomic<bool> database{false};
  auto options = quick();
  options.unready_time = 10min;
  running_server server(
      [&](weir::http_server& on) {
        CHECK_FALSE(on.ready());
        on.get("/healthz", weir::liveness());
        on.get("/readyz", weir::readiness(on, [&] { return database.load(); }));
      },
      options);
  raw_client client(server.port());
  CHECK(client.get("/healthz").body == "alive\n");
  CHECK(client.get("/readyz").status == 503);
  database = true;
  const raw_response ready = client.get("/readyz");
  CHECK(ready.status == 200);
  CHECK(ready.header("Cache-Control") == "no-store");

  server.begin_stop(1h);
  while (client.get("/readyz").status != 503) {
  }
  CHECK(raw_client(server.port()).get("/healthz").status == 200); // a new connection
  server.stop(1h);                                                // ends that time
  CHECK(client.at_end());
  CHECK_THROWS(connect_to(server.port()));
}

TEST_CASE("operations: levels are shown and changed, and rules that make no sense change nothing", "[beast]") {
  const auto sink = std::make_shared<weir::testing::capturing_sink>(weir::as_json());
  weir::log_stream other({.sinks = {sink}});
  running_server server([&](weir::http_server& on) {
    on.get("/log-levels", weir::show_log_levels(other));
    on.route("PUT", "/log-levels", weir::change_log_levels(other));
  });
  raw_client client(server.port());
  const std::string before = client.get("/log-levels").body;
  CHECK(before == other.levels() + "\n");

  const raw_response refused = client.ask(put_request("/log-levels", "debug,http=loud"));
  CHECK(refused.status == 400);
  CHECK(refused.body.find("http=loud") != std::string::npos);
  CHECK(client.get("/log-levels").body == before);

  const raw_response changed = client.ask(put_request("/log-levels", "warn,http=debug\n"));
  CHECK(changed.status == 200);
  CHECK(changed.body == other.levels() + "\n");
  CHECK(changed.body.find("http=debug") != std::string::npos);
  CHECK(other.get_logger("http.client").threshold() == weir::level::debug);
  CHECK(client.get("/log-levels").body == changed.body);
  // They come over those that are set; `inherit` takes one back.
  CHECK(client.ask(put_request("/log-levels", "http.client=off")).body.find("http=debug") != std::string::npos);
  CHECK(client.ask(put_request("/log-levels", "http=inherit,http.client=inherit")).body == "warn\n");
  CHECK(other.get_logger("http.client").threshold() == weir::level::warn);
  other.flush();
  const auto lines = sink->lines();
  REQUIRE(lines.size() == 3);
  CHECK(json_member(lines[0], "logger") == "weir.levels");
  CHECK(json_member(lines[0], "levels") + "\n" == changed.body);
  CHECK(json_member(lines[0], "client.address") == "127.0.0.1");
}

TEST_CASE("operations: only operators come through", "[beast]") {
  running_server server([](weir::http_server& on) {
    const auto hello = [](http_request&, http_response& out) -> task {
      out.body("hello\n");
      co_return;
    };
    on.group("/here").use(weir::operators_only()).get("/x", hello);
    on.group("/token").use(weir::operators_only(weir::operator_access("0123456789abcdef"))).get("/x", hello);
  });
  raw_client client(server.port());
  CHECK(client.ask(get_from("localhost", "/here/x")).status == 200);
  CHECK(client.ask(get_from("evil.example", "/here/x")).status == 403);
  // Only the first line of a name was looked at, and an empty one passed for none.
  for (const char* proxied :
       {"Forwarded: for=1.2.3.4\r\n", "X-Forwarded-For: 1.2.3.4\r\n", "Via: 1.1 proxy\r\n", "X-Forwarded-For:\r\n",
        "X-Forwarded-For:\r\nX-Forwarded-For: 1.2.3.4\r\n", "via: \r\nVia: 1.1 proxy\r\n"})
    CHECK(client.ask(get_from("localhost", "/here/x", proxied)).status == 403);
  // RFC 9112 section 3.2.2: the authority of an absolute target counts, and Host does not.
  CHECK(client.ask(get_from("evil.example", "http://localhost/here/x")).status == 200);
  for (const char* authority : {"evil.example", "evil.example:80"})
    CHECK(client.ask(get_from("localhost", fmt::format("http://{}/here/x", authority))).status == 403);
  CHECK(client.ask(get_from("localhost", "http://evil.example/here/x", "Origin: http://localhost\r\n")).status ==
        403);
  const raw_response refused = client.ask(get_from("server.example", "/token/x"));
  CHECK(refused.status == 401);
  CHECK(refused.header("WWW-Authenticate") == "Bearer");
  CHECK(client.ask(get_from("server.example", "/token/x", "Authorization: Bearer 0123456789abcdef\r\n")).status ==
        200);
}

TEST_CASE("operations: a time to be unready that is out of range is refused", "[beast]") {
  auto options = quick();
  options.unready_time = -1ms;
  CHECK_THROWS_WITH(weir::http_server(options), Catch::Contains("unready_time"));
}
