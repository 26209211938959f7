// What becomes of a connection when memory runs out in its session, and not in a handler. Not under sanitizers, which
// replace malloc themselves.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

using namespace weir_test;

namespace {

/// Whether this thread's next allocation is the one that fails.
constinit thread_local bool next_fails = false;

void* allocate_or_fail(std::size_t bytes) {
  void* const made = std::exchange(next_fails, false) ? nullptr : std::malloc(bytes);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

/// Leaves the session nothing for the header that it adds.
void add_poor_route(weir::http_server& server) {
  server.get("/poor", [](http_request&, http_response&) -> task {
    next_fails = true;
    co_return;
  });
}

std::string poor_request() { return get_request("/poor", "Connection: close\r\n"); }

} // namespace

void* operator new(std::size_t bytes) { return allocate_or_fail(bytes); }
void operator delete(void* gone) noexcept { std::free(gone); }
void operator delete(void* gone, std::size_t) noexcept { std::free(gone); }

TEST_CASE("exceptions: what is thrown within a session costs its connection, and is logged under its request's ids",
          "[beast][exceptions]") {
  const bool is_observed = GENERATE(true, false);
  running_server server(
      [](weir::http_server& on) {
        add_poor_route(on);
        on.get("/hello", [](http_request&, http_response& response) -> task {
          response.body("hello\n");
          co_return;
        });
      },
      quick(), is_observed);
  raw_client client(server.port());
  CHECK_THROWS(client.ask(poor_request()));
  CHECK(client.at_end());
  CHECK(raw_client(server.port()).get("/hello").status == 200);
  server.stop(1h);

  const auto errors = server.by.lines_of("server");
  REQUIRE(errors.size() == 1);
  CHECK(json_member(errors[0], "level") == "error");
  CHECK(json_member(errors[0], "message") == "connection given up: std::bad_alloc");
  if (!is_observed) return;
  const auto access = server.by.access_lines();
  REQUIRE(access.size() == 2);
  CHECK(json_member(access[0], "outcome") == "failed");
  CHECK(json_member(access[0], "error.message") == "std::bad_alloc");
  CHECK(json_member(errors[0], "trace_id") == json_member(access[0], "trace_id"));
  CHECK(server.by.finished({{"http_route", "/poor"}, {"error_type", "exception"}}) == 1);
}

TEST_CASE("exceptions: however many connections are given up, the log has a line for some of them only",
          "[beast][exceptions]") {
  constexpr int requests = 300;
  running_server server(add_poor_route);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < requests; ++i) {
    raw_client client(server.port());
    client.send(poor_request());
    CHECK(client.at_end());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  server.stop(1h);
  CHECK(static_cast<double>(server.by.lines_of("server").size()) <= 100 * (took.count() + 1));
  CHECK(server.by.finished({{"error_type", "exception"}}) == requests);
}
