// What a request may ask for, and which host it names with that.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using namespace weir_test;

namespace {

task show_host(http_request& in, http_response& out) {
  out.body(fmt::format("{} {}", in.message().count("Host"), in.header("Host")));
  co_return;
}

void show_hosts(weir::http_server& server) {
  for (const char* path : {"/", "/show"}) server.get(path, show_host);
}

std::string request_for(std::string_view target, std::string_view host = "evil.example") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", target, host);
}

} // namespace

// The handler saw the header, by which it may tell tenants apart, and a cache before it the target.
TEST_CASE("request target: an absolute one says whom it asks for, and Host does not (RFC 9112 3.2.2)",
          "[beast][server]") {
  weir::observer_options observing;
  observing.access.headers = {"Host"};
  running_server server(show_hosts, quick(), true, observing);
  raw_client client(server.port());
  const auto host_of = [&](std::string_view target) { return client.ask(request_for(target)).body; };
  CHECK(host_of("http://internal.example/show") == "1 internal.example");
  CHECK(host_of("HTTPS://Internal.Example:8443/show?u=http://other/") == "1 Internal.Example:8443");
  CHECK(host_of("http://[::1]?x") == "1 [::1]");
  CHECK(host_of("http://internal.example") == "1 internal.example");
  CHECK(host_of("/show?u=http://other/") == "1 evil.example");
  CHECK(host_of("/?http://other/show") == "1 evil.example");
  CHECK(raw_client(server.port()).ask("GET http://internal.example/show HTTP/1.0\r\n\r\n").body ==
        "1 internal.example");
  server.stop(5s);
  const auto lines = server.by.access_lines();
  REQUIRE(lines.size() == 7);
  CHECK(json_member(lines[0], "http.request.header.host") == "internal.example");
  CHECK(json_member(lines[0], "url.path") == "/show");
}

// Whatever had `://` in it was taken for one, and what had no slash got 404.
TEST_CASE("request target: what is none is refused (RFC 9112 3.2)", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    show_hosts(on);
    on.route("CONNECT", "/show", show_host);
  });
  const std::string_view bad[] = {"+ttp://h/show",
                                  "x;y=1://h/show",
                                  "://h/show",
                                  "ftp://h/show",
                                  "httpx://h/show",
                                  "http:///show",
                                  "http://:80/show",
                                  "http://",
                                  "http://?x",
                                  "http://[abcd/show",
                                  "http://a@h/show",
                                  "http://h:x/show",
                                  "http://h#x/show",
                                  "http:/show",
                                  "http:show",
                                  "show",
                                  "?a",
                                  "b:80",
                                  "*"};
  for (const std::string_view target : bad) {
    CAPTURE(target);
    raw_client client(server.port());
    const raw_response refused = client.ask(request_for(target));
    CHECK(refused.status == 400);
    CHECK(refused.header("Connection") == "close");
    CHECK(client.at_end());
  }
  for (const char* line : {"OPTIONS ** HTTP/1.1", "OPTIONS *?x HTTP/1.1", "CONNECT http:///show HTTP/1.1",
                           "CONNECT http://a@h/show HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(raw_client(server.port()).ask(fmt::format("{}\r\nHost: test\r\n\r\n", line)).status == 400);
  }
  weir::server_options roomy = quick();
  roomy.header_limit_bytes = 1U << 20;
  running_server large(show_hosts, roomy);
  const std::string host(70'000, 'h'); // more than Beast could keep as a header
  CHECK(raw_client(large.port()).ask(request_for(fmt::format("http://{}/show", host))).status == 400);
  // No proxy: there is no route to anybody.
  for (const char* other : {"b:80", "://h/show"})
    CHECK(raw_client(server.port()).ask(fmt::format("CONNECT {} HTTP/1.1\r\nHost: b:80\r\n\r\n", other)).status ==
          404);
  CHECK(raw_client(server.port()).ask(request_for("//h/show")).status == 404); // a path
  for (const std::string& line : server.by.access_lines())
    if (json_member(line, "http.response.status_code") == "400")
      CHECK(json_member(line, "error.message") == "a request target that is none");
}

TEST_CASE("request target: OPTIONS may ask for the whole server (RFC 9110 9.3.7)", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    on.use([](http_request&, http_response& out, weir::next_handler next) -> task {
      co_await next();
      out.header("X-Around", "yes");
    });
    show_hosts(on);
  });
  raw_client client(server.port());
  const raw_response answer = client.ask("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(answer.status == 204);
  CHECK(answer.header("X-Around") == "yes");
  CHECK(answer.header("Content-Length") == "(absent)");
  CHECK(client.get("/show").body == "1 test"); // on the same connection, right behind
  CHECK(client.ask("OPTIONS /show HTTP/1.1\r\nHost: test\r\n\r\n").status == 405);
  server.stop(5s);
  CHECK(server.by.finished({{"http_route", ""}, {"http_response_status_code", "204"}}) == 1);
  CHECK(json_member(server.by.access_lines().at(0), "url.path") == "*");
}
