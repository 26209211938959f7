// What of the headers that middleware and handlers have set goes out with an answer that the session gives instead.
#include "weir/beast/middleware.hpp"

#include "server_fixture.hpp"
#include "weir/asio/sleep.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

using namespace weir_test;

namespace {

constexpr std::array<const char*, 5> kept{"Access-Control-Allow-Origin", "Strict-Transport-Security",
                                          "Content-Security-Policy", "Vary", "RateLimit-Policy"};
constexpr std::array<const char*, 19> of_content{"Content-Encoding",
                                                 "Content-Language",
                                                 "Content-Location",
                                                 "Content-Disposition",
                                                 "Content-Range",
                                                 "ETag",
                                                 "Last-Modified",
                                                 "Accept-Ranges",
                                                 "Location",
                                                 "Retry-After",
                                                 "Cache-Control",
                                                 "Expires",
                                                 "Age",
                                                 "CDN-Cache-Control",
                                                 "X-Accel-Redirect",
                                                 "X-Accel-Expires",
                                                 "X-Sendfile",
                                                 "Surrogate-Control",
                                                 "Access-Contro"};

task set_all(http_request&, http_response& out, weir::next_handler next) {
  for (const char* name : kept) out.header(name, "kept");
  out.add_header("Set-Cookie", "a=1").add_header("Set-Cookie", "b=2");
  for (const char* name : of_content) out.add_header(name, "of a content").add_header(name, "twice");
  co_await next();
}

task outlive_all(http_request& in, http_response& out) {
  out.status(201).body("nearly", "image/png");
  co_await weir::sleep_for(in.ctx(), 1h);
}

void add_ways_to_fail(weir::http_server& on) {
  on.use(set_all);
  on.get("/throw", [](http_request&, http_response& out) -> task {
    out.status(201).body("nearly", "image/png");
    throw std::runtime_error("no such table");
    co_return;
  });
  on.get("/limited", weir::behind({weir::time_limit(20ms)}, outlive_all));
  on.get("/late", outlive_all);
  on.post("/small", outlive_all, {.body_limit_bytes = 10});
  on.get("/own", weir::behind({[](http_request&, http_response& out, weir::next_handler next) -> task {
                                co_await next();
                                out.clear_content();
                              }},
                              [](http_request&, http_response& out) -> task {
                                out.status(201).body("nearly", "image/png");
                                co_return;
                              }));
}

} // namespace

TEST_CASE("server: its own answer keeps the headers that are not about a content", "[beast][server]") {
  const auto [name, asked, status, body] = GENERATE(table<const char*, std::string, unsigned, std::string>({
      {"thrown", get_request("/throw"), 500, "500 internal error\n"},
      {"limited", get_request("/limited"), 503, "the request took too long\n"},
      {"late", get_request("/late", "X-Request-Timeout-Ms: 20\r\n"), 504, "the request took too long\n"},
      {"too large", "POST /small HTTP/1.1\r\nHost: test\r\nContent-Length: 11\r\n\r\n", 413, "Payload Too Large\n"},
      {"no chunk", "POST /small HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400,
       "Bad Request\n"},
      {"cleared", get_request("/own"), 200, ""},
  }));
  CAPTURE(name);
  running_server server(add_ways_to_fail);
  raw_client client(server.port());
  const raw_response answer = client.ask(asked);
  CHECK(answer.status == status);
  CHECK(answer.body == body);
  CHECK(answer.header("Content-Type") == (body.empty() ? "(absent)" : "text/plain; charset=utf-8"));
  for (const char* each : kept) CHECK(answer.header(each) == "kept");
  CHECK(answer.head.find("\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n") != std::string::npos);
  for (const char* each : of_content) {
    CAPTURE(each);
    CHECK(answer.header(each) == "(absent)");
  }
}
