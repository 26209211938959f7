// Requests that are turned away, and middleware of groups and of single routes.
#include "weir/beast/limits.hpp"

#include "waiting_handler.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace weir_test;

namespace {

task hello(http_request&, http_response& response) {
  response.body("hello\n");
  co_return;
}

/// Appends `name` to the header X-Way.
weir::http_middleware by_way_of(std::string name) {
  return [name = std::move(name)](http_request&, http_response& response, weir::next_handler next) -> task {
    co_await next();
    response.header("X-Way-" + name, "yes");
  };
}

/// One a day, but for a burst.
weir::token_rate hardly_any(unsigned burst) { return {.per_second = 1.0 / 86'400, .burst = burst}; }

} // namespace

TEST_CASE("limits: beyond its rate a client gets 429 and when to come again", "[beast][limits]") {
  running_server server([](weir::http_server& on) {
    on.use(weir::limit_rate({.rate = hardly_any(2)}));
    on.get("/hello", hello);
  });
  raw_client client(server.port());
  CHECK(client.get("/hello").status == 200);
  CHECK(raw_client(server.port()).get("/hello").status == 200); // by address, not by connection
  const raw_response refused = client.get("/hello");
  CHECK(refused.status == 429);
  CHECK(refused.body == "429 too many requests\n");
  CHECK(std::stoi(refused.header("Retry-After")) > 86'300);
  CHECK(std::stoi(refused.header("Retry-After")) <= 86'400);
  CHECK(client.get("/none").status == 429); // the connection goes on, and unknown paths count, too
  server.stop(5s);                          // the last record comes behind its answer
  const auto lines = server.by.access_lines();
  REQUIRE(lines.size() == 4);
  CHECK(json_member(lines[2], "outcome") == "refused");
  CHECK(json_member(lines[2], "error.type") == "overload");
  CHECK(json_member(lines[2], "http.response.status_code") == "429");
}

TEST_CASE("limits: clients are told apart by whatever the server says, or not at all", "[beast][limits]") {
  const auto by_user = [](const http_request& request) { return std::string(request.header("X-User")); };
  running_server server([&](weir::http_server& on) {
    on.get("/each", weir::behind({weir::limit_rate({.rate = hardly_any(1), .client = by_user})}, hello));
    on.get("/all", weir::behind({weir::limit_rate({.rate = hardly_any(1), .client = {}})}, hello));
  });
  raw_client client(server.port());
  CHECK(client.ask(get_request("/each", "X-User: a\r\n")).status == 200);
  CHECK(client.ask(get_request("/each", "X-User: a\r\n")).status == 429);
  CHECK(client.ask(get_request("/each", "X-User: b\r\n")).status == 200);
  CHECK(client.ask(get_request("/all", "X-User: a\r\n")).status == 200);
  CHECK(client.ask(get_request("/all", "X-User: b\r\n")).status == 429);
}

TEST_CASE("limits: more at a time than it may have are turned away at once", "[beast][limits]") {
  waiting slow;
  running_server server([&](weir::http_server& on) {
    on.get("/slow", weir::behind({weir::limit_concurrency(1)}, slow.handler()));
    on.get("/hello", hello);
  });
  raw_client first(server.port());
  first.send(get_request("/slow"));
  slow.wait_until_begun();
  raw_client second(server.port());
  const raw_response refused = second.get("/slow");
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "1");
  CHECK(second.get("/hello").status == 200);
  first.close();
  CHECK(slow.wait() == weir::cancel_reason::client_closed);
  CHECK(server.by.finished({{"error_type", "overload"}}) == 1);
}

TEST_CASE("limits: a place is free again however its request ended", "[beast][limits]") {
  running_server server([](weir::http_server& on) {
    on.get("/throw", weir::behind({weir::limit_concurrency(1)}, [](http_request&, http_response&) -> task {
             throw std::runtime_error("no such table");
             co_return;
           }));
  });
  raw_client client(server.port());
  for (int i = 0; i < 3; ++i) CHECK(client.get("/throw").status == 500);
}

TEST_CASE("groups: prefix and middleware are for their routes, in the order in which they were given",
          "[beast][limits]") {
  running_server server([](weir::http_server& on) {
    on.get("/hello", hello);
    auto api = on.group("/api");
    api.get("/plain", hello);
    api.use(by_way_of("Outer")).get("/hello", hello);
    api.group("/{tenant}").use(by_way_of("Inner")).get("/hello", [](http_request& in, http_response& out) -> task {
      out.body(std::string(in.param("tenant")));
      co_return;
    });
  });
  raw_client client(server.port());
  const raw_response nested = client.get("/api/blue/hello");
  CHECK(nested.body == "blue");
  CHECK(nested.header("X-Way-Outer") == "yes");
  CHECK(nested.header("X-Way-Inner") == "yes");
  const raw_response outer = client.get("/api/hello");
  CHECK(outer.header("X-Way-Outer") == "yes");
  CHECK(outer.header("X-Way-Inner") == "(absent)");
  CHECK(client.get("/api/plain").header("X-Way-Outer") == "(absent)");
  CHECK(client.get("/hello").header("X-Way-Outer") == "(absent)");
  CHECK(client.get("/api/none").status == 404);
  CHECK(json_member(server.by.access_lines().at(0), "http.route") == "/api/{tenant}/hello");
}

TEST_CASE("groups: a middleware may answer itself, and what is within does not run", "[beast][limits]") {
  running_server server([](weir::http_server& on) {
    const auto forbid = [](http_request&, http_response& response, weir::next_handler) -> task {
      response.error(403, "not for you");
      co_return;
    };
    on.group("/admin").use(forbid).use(by_way_of("Inner")).get("/hello", hello);
  });
  raw_client client(server.port());
  const raw_response refused = client.get("/admin/hello");
  CHECK(refused.status == 403);
  CHECK(refused.header("X-Way-Inner") == "(absent)");
}

TEST_CASE("middleware: one of one's own, as the page has it", "[beast][limits]") {
  const std::string key = "sesame";
  running_server running([&](weir::http_server& server) {
    server.use([&](http_request& request, http_response& response, weir::next_handler next) -> task {
      if (request.header("X-Key") == key)
        co_await next();
      else
        response.error(401, "who are you?");
    });
    server.get("/hello", hello);
  });
  raw_client client(running.port());
  CHECK(client.get("/hello").status == 401);
  CHECK(client.ask(get_request("/hello", "X-Key: sesame\r\n")).status == 200);
}

TEST_CASE("limits: what makes no sense is refused when it is set up", "[beast][limits]") {
  CHECK_THROWS_WITH(weir::limit_concurrency(0), "limit_concurrency: 0 requests at a time are none");
  CHECK_THROWS_AS(weir::limit_rate({.rate = {.per_second = -1, .burst = 1}}), std::invalid_argument);
  CHECK_THROWS_WITH(weir::behind({nullptr}, hello), "behind: a middleware is empty");
  CHECK_THROWS_WITH(weir::behind({weir::limit_concurrency(1)}, nullptr), "behind: the handler is empty");
  weir::http_server server({.port = 0});
  CHECK_THROWS_WITH(server.group("api"),
                    "http_server: the prefix of a group is 'api': it must begin with a slash, and not end with one");
  CHECK_THROWS_AS(server.group("/api/"), std::invalid_argument);
  CHECK_THROWS_AS(server.group("").use(nullptr), std::invalid_argument);
}
