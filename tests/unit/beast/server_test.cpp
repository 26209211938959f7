// The small server as its clients see it: what HTTP/1 asks of it, and what it answers to those who do not keep to
// that.
#include "weir/beast/server.hpp"

#include "simple_server.hpp"
#include "weir/http/http_date.hpp"
#include "weir/log/macros.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>

using namespace weir_test;

TEST_CASE("server: a connection serves request after request until one asks to close it", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  CHECK(client.get("/hello").body == "hello\n");
  CHECK(client.get("/hello").status == 200);
  const raw_response last = client.ask(request("GET /hello HTTP/1.1", "Connection: close\r\n"));
  CHECK(last.header("Connection") == "close");
  CHECK(client.at_end());
  CHECK(server.by.access_lines().size() == 3);
}

TEST_CASE("server: pipelined requests are answered in their order", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  std::string all;
  for (const char* body : {"one", "three", "five5"})
    all += request("POST /echo HTTP/1.1", fmt::format("Content-Length: {}\r\n", std::string_view(body).size()), body);
  client.send(all);
  CHECK(client.read().body == "one");
  CHECK(client.read().body == "three");
  CHECK(client.read().body == "five5");
}

TEST_CASE("server: HTTP/1.0 closes unless it is asked not to", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  const raw_response first = client.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(first.head.starts_with("HTTP/1.0 200"));
  CHECK(first.header("Connection") == "keep-alive");
  CHECK(client.ask("GET /hello HTTP/1.0\r\n\r\n").body == "hello\n");
  CHECK(client.at_end());
  CHECK(server.by.finished({{"network_protocol_version", "1.0"}}) == 2);
}

TEST_CASE("server: a response says when it was made, unless its handler does (RFC 9110 6.6.1)", "[beast][server]") {
  constexpr const char* past = "Sun, 06 Nov 1994 08:49:37 GMT";
  running_server server([&](weir::http_server& set) {
    simple_routes(set);
    set.get("/stream", [](http_request&, http_response& response) -> task { co_await response.start(); });
    set.get("/dated", [](http_request&, http_response& response) -> task {
      response.header("date", past);
      co_return;
    });
  });
  using namespace std::chrono;
  const auto before = floor<seconds>(system_clock::now()) - seconds(1); // the coarse clock may be late
  const auto date_of = [&](std::string_view text) {
    const std::string date = raw_client(server.port()).ask(std::string(text)).header("Date");
    INFO(date);
    const auto time = weir::parse_http_date(date, before);
    REQUIRE(time);
    return *time;
  };
  for (const std::string& sent :
       {request("GET /hello HTTP/1.1"), request("GET /empty HTTP/1.1"), request("GET /none HTTP/1.1"),
        request("GET /stream HTTP/1.1"), std::string("?\r\n\r\n")}) {
    INFO(sent);
    const auto time = date_of(sent);
    CHECK(time >= before);
    CHECK(time <= system_clock::now());
  }
  CHECK(raw_client(server.port()).get("/dated").header("Date") == past);
}

TEST_CASE("server: HEAD gets the header of GET and no body", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  const raw_response head = client.ask(request("HEAD /hello HTTP/1.1"), false);
  CHECK(head.status == 200);
  CHECK(head.header("Content-Length") == "6");
  CHECK(client.get("/hello").body == "hello\n"); // nothing was in between
  CHECK(server.by.sum("http_server_response_body_size_bytes", {{"http_request_method", "HEAD"}}) == 1);
  CHECK(json_member(server.by.access_lines().at(0), "http.response.body.size") == "0");
}

TEST_CASE("server: a chunked request body is put together", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  client.send(request("POST /echo HTTP/1.1", "Transfer-Encoding: chunked\r\n", "4\r\nweir\r\n"));
  client.send("5;name=value\r\n and \r\n3\r\nlog\r\n0\r\nTrailer: x\r\n\r\n");
  CHECK(client.read().body == "weir and log");
  CHECK(client.get("/hello").status == 200);
}

TEST_CASE("server: a client that expects it is told to go on before it sends its body", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  const raw_response go_on =
      client.ask(request("POST /echo HTTP/1.1", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
  CHECK(go_on.status == 100);
  CHECK(client.ask("weir").body == "weir");
  // Not one that could not understand it, and not for a body that is refused.
  client.send("POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.ask("x").status == 200);
  CHECK(client.ask(request("POST /echo HTTP/1.1", "Content-Length: 9000000\r\nExpect: 100-continue\r\n")).status ==
        413);
}

TEST_CASE("server: a body is expected in any of the lines that say so", "[beast][server]") {
  running_server server(simple_routes);
  for (const char* lines :
       {"Expect: other\r\nExpect: 100-continue\r\n", "Expect:\r\nexpect: other, 100-Continue\r\n"}) {
    raw_client client(server.port());
    CHECK(client.ask(request("POST /echo HTTP/1.1", fmt::format("Content-Length: 4\r\n{}", lines))).status == 100);
    CHECK(client.ask("weir").body == "weir");
  }
}

// It was invited, and read, for nothing.
TEST_CASE("server: no body is invited that no route takes", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    simple_routes(on);
    on.use([](http_request& in, http_response& out, weir::next_handler next) -> task {
      co_await next();
      out.header("X-Seen", fmt::format("{} bytes", in.body().size()));
    });
  });
  const std::string expecting = "Expect: 100-continue\r\n";
  const auto ask = [&](std::string_view line, const std::string& framing) {
    raw_client client(server.port());
    const raw_response answer = client.ask(request(line, expecting + framing));
    CHECK(answer.header("Connection") == "close");
    CHECK(answer.header("X-Seen") == "0 bytes");
    // One that does not wait for the answer gets it all the same, and what it sends is no request.
    client.send(get_request("/hello"));
    client.shutdown_send();
    CHECK(client.take_text(1).empty());
    return answer;
  };
  CHECK(ask("POST /nowhere HTTP/1.1", "Content-Length: 100\r\n").status == 404);
  CHECK(ask("POST /nowhere HTTP/1.1", "Content-Length: 9000000\r\n").status == 404);
  CHECK(ask("POST /nowhere HTTP/1.1", "Transfer-Encoding: chunked\r\n").status == 404);
  const raw_response wrong = ask("PUT /hello HTTP/1.1", "Content-Length: 100\r\n");
  CHECK(wrong.status == 405);
  CHECK(wrong.header("Allow") == "GET, HEAD");
  // There is nothing to be invited; who does not ask sends its body, which nobody looks at.
  raw_client client(server.port());
  CHECK(client.ask(request("POST /nowhere HTTP/1.1", expecting + "Content-Length: 0\r\n")).status == 404);
  CHECK(client.ask(request("POST /nowhere HTTP/1.1", "Content-Length: 4\r\n", "weir")).header("X-Seen") == "0 bytes");
  CHECK(client.get("/hello").status == 200);
  server.stop(5s);
  CHECK(server.by.finished({{"error_type", ""}}) == 7);
  CHECK(server.by.finished({{"http_response_status_code", "404"}}) == 5);
}

TEST_CASE("server: paths and methods that are not there get 404 and 405", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  CHECK(client.get("/nowhere").status == 404);
  CHECK(client.get("/hello/").status == 404);
  CHECK(client.get("/%zz").status == 404);
  const raw_response wrong = client.ask(request("DELETE /hello HTTP/1.1"));
  CHECK(wrong.status == 405);
  CHECK(wrong.header("Allow") == "GET, HEAD");
  server.stop(5s);
  CHECK(server.by.finished({{"http_route", ""}, {"http_response_status_code", "404"}}) == 3);
  CHECK(server.by.finished({{"http_route", "/hello"}, {"http_response_status_code", "405"}}) == 1);
}

TEST_CASE("server: what is no HTTP gets 400, is in the log, and ends the connection", "[beast][server]") {
  running_server server(simple_routes);
  const std::string bad[] = {
      "nonsense\r\n\r\n", "GET /hello HTTP/x.y\r\n\r\n", "GET /hello HTTP/1.1x\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: test\r\nNo colon\r\n\r\n", "GET  HTTP/1.1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost : test\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: -1\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "GET /hello HTTP/1.1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      // What is behind these would be the next request to some, and a body to others.
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nxyz",
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3, 03\r\n\r\nxyz",
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: identity\r\n\r\nGET /hello HTTP/1.1\r\nHost: "
      "x\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: user@a\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a:b\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a:1:2\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: <a>\"\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: [::1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: [::1]8080\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a%zz\r\n\r\n", "\r\n\r\nGET /hello HTTP/1.1\r\nHost: test\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(100, '\0'), // TLS at the wrong door
  };
  for (const std::string& each : bad) {
    CAPTURE(each);
    raw_client client(server.port());
    const raw_response refused = client.ask(each);
    CHECK(refused.status == 400);
    CHECK(refused.header("Connection") == "close");
    CHECK(client.at_end());
  }
  const auto lines = server.by.access_lines();
  REQUIRE(lines.size() == std::size(bad));
  for (const std::string& line : lines) {
    CHECK(json_member(line, "outcome") == "protocol_error");
    CHECK(json_member(line, "level") == "warn");
    CHECK_FALSE(json_member(line, "error.message").empty());
    CHECK(json_member(line, "trace_id").size() == 32);
  }
  CHECK(server.by.active() == 0);
}

TEST_CASE("server: another version is said to be so (RFC 9110 15.6.6)", "[beast][server]") {
  running_server server(simple_routes);
  for (const char* line : {"GET /hello HTTP/2.0", "PRI * HTTP/2.0", "GET /hello HTTP/1.2", "GET /hello HTTP/3.1"}) {
    CAPTURE(line);
    raw_client client(server.port());
    CHECK(client.ask(request(line)).status == 505);
    CHECK(client.at_end());
  }
  CHECK(server.by.finished({{"error_type", "protocol_error"}, {"http_response_status_code", "505"}}) == 4);
}

TEST_CASE("server: one empty line before a request is passed over (RFC 9112 2.2)", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  CHECK(client.ask(fmt::format("\r\n{}", request("GET /hello HTTP/1.1"))).status == 200);
  // Behind a body, by clients that end it with a line's end more than they have announced.
  CHECK(client.ask(request("POST /echo HTTP/1.1", "Content-Length: 3\r\n", "abc\r\n")).body == "abc");
  CHECK(client.get("/hello").status == 200);
  client.send("\r");
  CHECK(client.ask(fmt::format("\n{}", request("GET /hello HTTP/1.1"))).status == 200);
  server.stop(5s);
  CHECK(server.by.finished() == 4);
}

TEST_CASE("server: a Host may be anything that the standard has for one (RFC 3986 3.2.2)", "[beast][server]") {
  running_server server(simple_routes);
  for (const char* host :
       {"", "a", "a:", "a.example:80", "127.0.0.1:8080", "[::1]", "[fe80::1]:80", "a_b-c~d", "a%41"}) {
    CAPTURE(host);
    CHECK(raw_client(server.port()).ask(fmt::format("GET /hello HTTP/1.1\r\nHost: {}\r\n\r\n", host)).status == 200);
  }
}

TEST_CASE("server: codings that it does not know are said to be so", "[beast][server]") {
  running_server server(simple_routes);
  for (const char* coding : {"gzip, chunked", "gzip\r\nTransfer-Encoding: chunked"}) {
    raw_client client(server.port());
    CHECK(
        client.ask(fmt::format("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: {}\r\n\r\n0\r\n\r\n", coding))
            .status == 501);
    CHECK(client.at_end());
  }
  raw_client client(server.port());
  CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: \t Chunked \r\n\r\n0\r\n\r\n").status ==
        200);
}

TEST_CASE("server: what is sent to who is refused counts, and what was read of him", "[beast][server]") {
  weir::server_options options = quick();
  options.body_limit_bytes = 1000;
  running_server server(simple_routes, options);
  raw_client client(server.port());
  const std::string too_much = "3\r\nabc\r\n400\r\n" + std::string(1024, 'x');
  const raw_response refused = client.ask(request("POST /echo HTTP/1.1", "Transfer-Encoding: chunked\r\n", too_much));
  CHECK(refused.status == 413);
  CHECK(client.at_end());
  server.stop(5s);
  const std::string line = server.by.access_lines().at(0);
  CHECK(json_member(line, "http.response.body.size") == std::to_string(refused.body.size()));
  CHECK(json_member(line, "http.request.body.size") == "3");
}

TEST_CASE("server: headers and bodies above the limits get 431 and 413", "[beast][server]") {
  weir::server_options options = quick();
  options.header_limit_bytes = 1024;
  options.body_limit_bytes = 1000;
  running_server server(simple_routes, options);
  const std::string kilobyte(1024, 'x');
  CHECK(raw_client(server.port()).ask(request("GET /hello HTTP/1.1", "X-Long: " + kilobyte + "\r\n")).status == 431);
  CHECK(raw_client(server.port()).get("/" + kilobyte).status == 431);
  CHECK(raw_client(server.port()).ask(request("POST /echo HTTP/1.1", "Content-Length: 1001\r\n")).status == 413);
  raw_client chunked(server.port());
  CHECK(chunked.ask(request("POST /echo HTTP/1.1", "Transfer-Encoding: chunked\r\n", "400\r\n" + kilobyte)).status ==
        413);
  const std::string most(1000, 'x');
  CHECK(raw_client(server.port()).ask(request("POST /echo HTTP/1.1", "Content-Length: 1000\r\n", most)).body == most);
}

TEST_CASE("server: a handler sees the parts of its request", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    on.get("/items/{id}", [](http_request& in, http_response& out) -> task {
      const auto show = [](const std::optional<std::string>& value) { return value ? "'" + *value + "'" : "none"; };
      out.body(fmt::format("{} {} {} id={} missing='{}' a={} b={} c={} q={} bad={} host={} x={}", in.method(),
                           in.path(), in.target(), in.param("id"), in.param("nothing"), show(in.query("a")),
                           show(in.query("b")), show(in.query("c")), show(in.query("q r")), show(in.query("bad")),
                           in.header("HOST"), in.header("x-none")));
      co_return;
    });
  });
  raw_client client(server.port());
  CHECK(client.get("/items/a%2Fb?a=1+2%26&b&a=3&q+r=%C3%A9&bad=%zz&").body ==
        "GET /items/a%2Fb /items/a%2Fb?a=1+2%26&b&a=3&q+r=%C3%A9&bad=%zz& id=a/b missing='' a='1 2&' b='' c=none "
        "q='\xc3\xa9' bad=none host=test x=");
  CHECK(client.get("/items/x").body.find("a=none") != std::string::npos);
}

TEST_CASE("server: middleware runs in order, around every path, and may answer itself", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    for (const char* name : {"outer", "inner"})
      on.use([name](http_request& in, http_response& out, weir::next_handler next) -> task {
        const std::string before = out.status() == 200 ? "" : "?";
        if (in.query("stop").value_or("") == name) {
          out.status(403).body(fmt::format("{} says no", name));
          co_return;
        }
        co_await next();
        out.header(fmt::format("X-{}", name), fmt::format("{} saw {}", name, out.status()));
      });
    simple_routes(on);
    CHECK_THROWS_AS(on.use(nullptr), std::invalid_argument);
  });
  raw_client client(server.port());
  const raw_response plain = client.get("/hello");
  CHECK(plain.header("X-outer") == "outer saw 200");
  CHECK(plain.header("X-inner") == "inner saw 200");
  CHECK(client.get("/nowhere").header("X-inner") == "inner saw 404");
  const raw_response stopped = client.get("/hello?stop=inner");
  CHECK(stopped.status == 403);
  CHECK(stopped.header("X-outer") == "outer saw 403");
  CHECK(stopped.header("X-inner") == "(absent)");
}

TEST_CASE("server: threads that stay awake serve, pause and stop like others", "[beast][server][concurrent]") {
  auto options = quick();
  options.threads = 2;
  options.busy_time = 500us;
  running_server server(
      [](weir::http_server& on) {
        on.get("/", [](http_request&, http_response& response) -> task {
          response.body("awake");
          co_return;
        });
      },
      options);
  raw_client client(server.port());
  for (int i = 0; i < 3; ++i) {
    CHECK(client.get("/").body == "awake");
    std::this_thread::sleep_for(3ms); // the threads sleep by then
  }
}

TEST_CASE("server: several threads serve several clients", "[beast][server][concurrent]") {
  weir::server_options options = quick();
  options.threads = 3;
  running_server server(simple_routes, options);
  constexpr int clients = 6, requests = 50;
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i)
      threads.emplace_back([&] {
        raw_client client(server.port());
        for (int j = 0; j < requests; ++j) good += client.get("/hello").status == 200;
      });
  }
  CHECK(good == clients * requests);
  server.stop(5s);
  CHECK(server.by.finished() == clients * requests);
  CHECK(server.by.access_lines().size() == clients * requests);
  CHECK(server.by.active() == 0);
}
