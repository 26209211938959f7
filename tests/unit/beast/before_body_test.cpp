// Middleware runs when the header is there: whom it turns away does not send a body first, and holds no place.
#include "simple_server.hpp"
#include "weir/beast/limits.hpp"
#include "weir/http/token_bucket.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace weir_test;

namespace {

const std::string echo = "POST /echo HTTP/1.1";

/// Lets nobody pass without this.
task authorise(http_request& in, http_response& out, weir::next_handler next) {
  if (in.has_header("Authorization"))
    co_await next();
  else
    out.error(401, "who are you?");
}

void guarded_routes(weir::http_server& on) {
  on.use(authorise);
  simple_routes(on);
}

std::string length(std::size_t bytes) { return fmt::format("Content-Length: {}\r\n", bytes); }

} // namespace

TEST_CASE("before the body: whom middleware turns away is told at once", "[beast][server]") {
  running_server server(guarded_routes);
  raw_client client(server.port());
  CHECK(client.ask(request(echo, length(4))).status == 401); // and waits for nothing
  SECTION("and the connection goes on behind a body that is small") {
    client.send("GET ");
    CHECK(client.ask(request(echo, "Authorization: me\r\n" + length(5), "hello")).body == "hello");
  }
  SECTION("and who goes without sending it was answered all the same") { client.close(); }
  server.stop(5s);
  CHECK(server.by.finished({{"http_response_status_code", "401"}, {"error_type", ""}}) == 1);
  CHECK(server.by.cancelled() == 0);
}

TEST_CASE("before the body: what is not wanted is passed over, to its last byte", "[beast][server]") {
  running_server server(guarded_routes);
  raw_client client(server.port());
  const std::string looks_like_one = get_request("/hello", "Authorization: me\r\n");
  CHECK(client.ask(request(echo, length(looks_like_one.size()), looks_like_one)).status == 401);
  CHECK(client
            .ask(request(echo, "Transfer-Encoding: chunked\r\n",
                         fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", looks_like_one.size(), looks_like_one)))
            .status == 401);
  // All in one piece, with what follows.
  client.send(request(echo, length(3), "one") + looks_like_one);
  CHECK(client.read().status == 401);
  CHECK(client.read().body == "hello\n");
  server.stop(5s);
  CHECK(server.by.finished({{"http_route", "/hello"}}) == 1);
}

TEST_CASE("before the body: who would send much, or waits to be asked, gets the end of the connection",
          "[beast][server]") {
  running_server server(guarded_routes);
  for (const std::string& framing : {length(1'000'000), length(4) + "Expect: 100-continue\r\n"}) {
    raw_client client(server.port());
    const raw_response refused = client.ask(request(echo, framing));
    CHECK(refused.status == 401);
    CHECK(refused.header("Connection") == "close");
    CHECK(client.at_end());
  }
  // Of chunks nobody knows how many there are.
  raw_client client(server.port());
  CHECK(client.ask(request(echo, "Transfer-Encoding: chunked\r\n")).status == 401);
  const std::string chunk = fmt::format("{:x}\r\n{}\r\n", 100'000, std::string(100'000, 'x'));
  for (int i = 0; i < 3; ++i) client.send(chunk);
  CHECK(client.at_end());
}

TEST_CASE("before the body: a body that is broken, behind its answer, is the end", "[beast][server]") {
  running_server server(guarded_routes);
  raw_client client(server.port());
  CHECK(client.ask(request(echo, "Transfer-Encoding: chunked\r\n", "no chunk\r\n\r\n")).status == 401);
  client.send(get_request("/hello", "Authorization: me\r\n"));
  CHECK(client.take_text(1).empty());
  server.stop(5s);
  CHECK(server.by.access_lines().size() == 1);
}

TEST_CASE("before the body: who is turned away for a limit does not send it", "[beast][limits]") {
  running_server server([](weir::http_server& on) {
    on.use(weir::limit_rate({.rate = {.per_second = 1.0 / 86'400, .burst = 1}}));
    simple_routes(on);
  });
  raw_client client(server.port());
  CHECK(client.get("/hello").status == 200);
  CHECK(client.ask(request(echo, length(9'000'000) + "Expect: 100-continue\r\n")).status == 429);
}

TEST_CASE("before the body: a place is taken while the body comes, and free when it does not", "[beast][limits]") {
  running_server server([](weir::http_server& on) {
    auto few = on.group("/few");
    few.use(weir::limit_concurrency(1)).post("/echo", [](http_request& in, http_response& out) -> task {
      out.body(in.body());
      co_return;
    });
  });
  const std::string few = "POST /few/echo HTTP/1.1";
  raw_client slow(server.port());
  CHECK(slow.ask(request(few, length(5) + "Expect: 100-continue\r\n")).status == 100);
  raw_client other(server.port());
  CHECK(other.ask(request(few, length(4))).status == 503);
  SECTION("it comes") { CHECK(slow.ask("hello").body == "hello"); }
  SECTION("it does not") { slow.close(); }
  other.send("weir");
  while (other.ask(request(few, length(4), "weir")).status != 200) {
  }
}

TEST_CASE("before the body: middleware that looks at bodies asks for them", "[beast][server]") {
  std::atomic<int> handled{0};
  weir::server_options options = quick();
  options.body_limit_bytes = 100;
  running_server server(
      [&](weir::http_server& on) {
        on.use([](http_request& in, http_response& out, weir::next_handler next) -> task {
          CHECK(in.has_body() == (in.method() == "GET"));
          CHECK(in.body().empty());
          const bool received = co_await in.receive_body();
          CHECK(in.has_body() == received);
          if (received && in.body() != "forged") co_await next();
          if (in.body() == "forged") out.error(403, "forged");
          out.header("X-Seen", fmt::format("{} {}", out.status(), received));
        });
        on.post("/echo", [&](http_request& in, http_response& out) -> task {
          ++handled;
          CHECK(co_await in.receive_body()); // it has been
          out.body(in.body());
        });
        on.get("/hello", [](http_request&, http_response& out) -> task {
          out.body("hello\n");
          co_return;
        });
      },
      options);
  raw_client client(server.port());
  CHECK(client.get("/hello").header("X-Seen") == "200 true");
  CHECK(client.ask(request(echo, length(4), "weir")).body == "weir");
  CHECK(client.ask(request(echo, length(6), "forged")).status == 403);
  CHECK(client.ask(request("POST /none HTTP/1.1", length(6), "forged")).status == 403);
  CHECK(handled == 1);
  // It sees, and may add to, what is said of a body that is not to be had.
  const raw_response refused = client.ask(request(echo, length(101)));
  CHECK(refused.status == 413);
  CHECK(refused.body == "Payload Too Large\n");
  CHECK(refused.header("X-Seen") == "413 false");
  CHECK(refused.header("Connection") == "close");
  server.stop(5s);
  CHECK(handled == 1);
  const std::string line = server.by.access_lines().at(4);
  CHECK(json_member(line, "outcome") == "protocol_error");
  CHECK(json_member(line, "http.response.status_code") == "413");
}

TEST_CASE("before the body: what middleware throws is answered without it", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    on.use([](http_request&, http_response&, weir::next_handler) -> task {
      throw std::runtime_error("no such table");
      co_return;
    });
    simple_routes(on);
  });
  raw_client client(server.port());
  CHECK(client.ask(request(echo, length(4))).status == 500);
  client.send("weir");
  CHECK(client.get("/hello").status == 500);
}

TEST_CASE("before the body: a time limit counts while it comes", "[beast][time-out]") {
  running_server server([](weir::http_server& on) {
    on.use(weir::time_limit(50ms, "too late\n"));
    simple_routes(on);
  });
  raw_client client(server.port());
  const raw_response late = client.ask(request(echo, length(4), "we"));
  CHECK(late.status == 503);
  CHECK(late.body == "too late\n");
  CHECK(late.header("Connection") == "close");
  client.shutdown_send();
  CHECK(client.at_end());
  server.stop(5s);
  const std::string line = server.by.access_lines().at(0);
  CHECK(json_member(line, "outcome") == "timed_out");
  CHECK(json_member(line, "error.type") == "timeout");
  CHECK(json_member(line, "cancel.phase") == "read");
}

TEST_CASE("before the body: middleware that ends what is under it may answer", "[beast][server]") {
  std::optional<weir::cancellable> narrower;
  running_server server([&](weir::http_server& on) {
    on.use([&](http_request& in, http_response& out, weir::next_handler next) -> task {
      narrower.emplace(weir::with_cancel(in.ctx()));
      in.set_ctx(narrower->ctx);
      boost::asio::steady_timer soon(co_await boost::asio::this_coro::executor, 20ms);
      soon.async_wait([&](const boost::system::error_code&) { narrower->cancel(); });
      co_await next();
      out.error(409, "no more of this");
    });
    simple_routes(on);
  });
  raw_client client(server.port());
  CHECK(client.ask(request(echo, length(4), "we")).status == 409);
  client.shutdown_send();
  CHECK(client.at_end());
}

TEST_CASE("before the body: who leaves amid it gets no answer, observed or not", "[beast][server]") {
  const bool is_observed = GENERATE(true, false);
  std::atomic<int> handled{0};
  running_server server(
      [&](weir::http_server& on) {
        on.use([](http_request&, http_response& out, weir::next_handler next) -> task {
          co_await next();
          out.header("X-Way", "back");
        });
        on.post("/echo", [&](http_request&, http_response&) -> task {
          ++handled;
          co_return;
        });
      },
      quick(), is_observed);
  raw_client client(server.port());
  client.send(request(echo, length(4), "we"));
  client.shutdown_send();
  CHECK(client.take_text(1).empty());
  server.stop(5s);
  CHECK(handled == 0);
  if (!is_observed) return;
  const std::string line = server.by.access_lines().at(0);
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "cancel.phase") == "read");
  CHECK(server.by.cancelled() == 1);
}
