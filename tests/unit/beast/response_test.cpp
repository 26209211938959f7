// What the small server sends of what its handlers have set: bodies where there may be some, and headers.
#include "weir/beast/server.hpp"

#include "simple_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace weir_test;

namespace {

/// The lines that say where the body ends and whether the connection goes on, in the order of the alphabet.
std::vector<std::string> framing_of(const raw_response& response) {
  std::vector<std::string> found;
  for (std::string_view rest = response.head; !rest.empty();) {
    const std::string line(rest.substr(0, rest.find("\r\n")));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    std::string name = line.substr(0, line.find(':'));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (name == "connection" || name == "content-length" || name == "transfer-encoding") found.push_back(line);
  }
  std::ranges::sort(found);
  return found;
}

/// As a relay does that hands on what another server has said, and sends `abc` in the way that the path names.
task relay(http_request& in, http_response& out) {
  for (const char* value : {"chunked", "gzip", "chunked, gzip", "chunked"})
    out.add_header("Transfer-Encoding", value);
  out.header("transfer-encoding", "identity").add_header("TRANSFER-ENCODING", "chunked");
  out.header("Content-Length", "999").add_header("content-length", "2");
  out.header("Connection", "Upgrade, X-Name").add_header("connection", "close").add_header("X-Name", "kept");
  const bool is_empty = in.query("status") == "304";
  if (is_empty) out.status(304);
  std::error_code error;
  if (in.param("how") == "whole")
    out.body("abc");
  else if (in.param("how") == "announced" || is_empty)
    error = co_await out.start(is_empty ? 0 : 3);
  else
    error = co_await out.start();
  if (out.started() && !is_empty && !error) co_await out.write(boost::asio::buffer("abc", 3));
}

} // namespace

TEST_CASE("server: where an answer ends is the session's to say, whatever its handler has set", "[beast][server]") {
  using lines = std::vector<std::string>;
  struct expectation {
    std::string line;
    lines framing;
    std::string body;
    bool goes_on = true;
  };
  const lines none, of_three{"Content-Length: 3"}, in_chunks{"Transfer-Encoding: chunked"};
  const lines on{"Connection: keep-alive"}, on_of_three{"Connection: keep-alive", "Content-Length: 3"};
  const auto expected = GENERATE_COPY(values<expectation>({
      {"GET /whole HTTP/1.1", of_three, "abc"},
      {"GET /announced HTTP/1.1", of_three, "abc"},
      {"GET /open HTTP/1.1", in_chunks, "3\r\nabc\r\n0\r\n\r\n"},
      {"HEAD /whole HTTP/1.1", of_three, ""},
      {"HEAD /announced HTTP/1.1", of_three, ""},
      {"HEAD /open HTTP/1.1", in_chunks, ""},
      {"GET /whole?status=304 HTTP/1.1", none, ""},
      {"GET /announced?status=304 HTTP/1.1", none, ""},
      {"GET /open?status=304 HTTP/1.1", none, ""},
      {"GET /whole HTTP/1.0", on_of_three, "abc"},
      {"GET /announced HTTP/1.0", on_of_three, "abc"},
      {"GET /open HTTP/1.0", none, "abc", false},
      {"HEAD /whole HTTP/1.0", on_of_three, ""},
      {"HEAD /announced HTTP/1.0", on_of_three, ""},
      {"HEAD /open HTTP/1.0", none, "", false},
      {"GET /whole?status=304 HTTP/1.0", on, ""},
      {"GET /announced?status=304 HTTP/1.0", on, ""},
      {"GET /open?status=304 HTTP/1.0", on, ""},
  }));
  CAPTURE(expected.line);
  running_server server([](weir::http_server& on_server) { on_server.get("/{how}", relay); });
  raw_client client(server.port());
  client.send(request(expected.line, "Connection: keep-alive\r\n"));
  const raw_response answer = client.read(false);
  CHECK(framing_of(answer) == expected.framing);
  CHECK(answer.header("X-Name") == "kept");
  CHECK(client.take_text(expected.body.size()) == expected.body);
  if (expected.goes_on)
    CHECK(client.get("/whole").body == "abc");
  else
    CHECK(client.take_text(1).empty());
}

// RFC 9110 section 7.8: what is in Upgrade is for this connection, and Connection says so.
TEST_CASE("server: a 426 names its Upgrade in Connection", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    on.get("/{how}", [](http_request& in, http_response& out) -> task {
      if (in.param("how") != "elsewhere") out.status(426);
      if (in.param("how") != "bare") out.header("Upgrade", "websocket");
      if (in.param("how") == "streamed") co_await out.start(0);
    });
  });
  const auto [line, expected] = GENERATE(table<const char*, const char*>({
      {"GET /whole HTTP/1.1", "upgrade"},
      {"GET /streamed HTTP/1.1", "upgrade"},
      {"GET /whole HTTP/1.0", "keep-alive, upgrade"},
      {"GET /elsewhere HTTP/1.1", "(absent)"},
      {"GET /bare HTTP/1.1", "(absent)"},
  }));
  CAPTURE(line);
  raw_client client(server.port());
  CHECK(client.ask(request(line, "Connection: keep-alive\r\n")).header("Connection") == expected);
  CHECK(client.ask(request("GET /whole HTTP/1.1", "Connection: close\r\n")).header("Connection") == "close, upgrade");
}

// It said 0, of a GET that has a body (RFC 9110 section 8.6).
TEST_CASE("server: a handler of HEAD's own that gives no body claims no length", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    on.route("HEAD", "/own", [](http_request&, http_response& out) -> task {
      out.header("Content-Length", "1234").header("X-Name", "kept");
      co_return;
    });
    on.get("/hello", [](http_request&, http_response& out) -> task {
      out.body("hello\n");
      co_return;
    });
  });
  raw_client client(server.port());
  client.send(request("HEAD /own HTTP/1.1"));
  const raw_response answer = client.read(false);
  CHECK(answer.status == 200);
  CHECK(answer.header("X-Name") == "kept");
  CHECK(answer.header("Content-Length") == "(absent)");
  CHECK(client.get("/hello").body == "hello\n");
}

TEST_CASE("server: an answer that has no body is sent without the one it was given", "[beast][server]") {
  running_server server(simple_routes);
  raw_client client(server.port());
  const raw_response empty = client.get("/empty");
  CHECK(empty.status == 204);
  CHECK(empty.header("Content-Length") == "(absent)");
  CHECK(client.get("/hello").body == "hello\n");
}

TEST_CASE("server: 205 has a body of no bytes (RFC 9110 15.3.6)", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    simple_routes(on);
    on.get("/reset", [](http_request&, http_response& out) -> task {
      out.status(205).body("not for you");
      co_return;
    });
    on.get("/streamed", [](http_request&, http_response& out) -> task {
      const bool is_refused = co_await out.status(205).start(3) == std::errc::message_size &&
                              co_await out.start() == std::errc::message_size;
      if (is_refused) co_await out.start(0);
    });
  });
  raw_client client(server.port());
  for (const char* path : {"/reset", "/streamed"}) {
    const raw_response reset = client.get(path);
    CHECK(reset.status == 205);
    CHECK(reset.header("Content-Length") == "0");
    CHECK(client.ask(request(fmt::format("HEAD {} HTTP/1.1", path))).header("Content-Length") == "0");
  }
  CHECK(client.get("/hello").body == "hello\n");
}

TEST_CASE("server: HEAD gets no body when it is refused either (RFC 9110 9.3.2)", "[beast][server]") {
  running_server server(simple_routes);
  for (const std::string& head :
       {std::string("HEAD /hello HTTP/1.1\r\n\r\n"), request("HEAD /hello HTTP/1.1", "No colon\r\n"),
        request("HEAD /hello HTTP/1.1", "Content-Length: 9000000\r\n")}) {
    CAPTURE(head);
    raw_client client(server.port());
    client.send(head);
    client.shutdown_send();
    const raw_response refused = client.read(false);
    CHECK(refused.status >= 400);
    CHECK(refused.header("Content-Length") != "0");
    CHECK(client.take_text(1).empty());
  }
}

TEST_CASE("server: a header that would end the header is refused by name", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    on.get("/try", [](http_request& in, http_response& out) -> task {
      try {
        out.header(in.query("name").value(), in.query("value").value());
        out.body("taken");
      } catch (const std::invalid_argument& error) {
        out.body(error.what());
      }
      co_return;
    });
    on.get("/status", [](http_request& in, http_response& out) -> task {
      try {
        out.status(static_cast<unsigned>(std::stoul(in.query("code").value())));
      } catch (const std::invalid_argument& error) {
        out.body(error.what());
      }
      co_return;
    });
  });
  raw_client client(server.port());
  for (const char* value : {"a%0d%0aSet-Cookie:+x", "a%0ab", "a%00b", "%7f", "%1b[2J"}) {
    const raw_response refused = client.get(fmt::format("/try?name=X-Name&value={}", value));
    CHECK(refused.body == "http_response: a control character in header X-Name");
    CHECK(refused.header("Set-Cookie") == "(absent)");
    CHECK(refused.header("X-Name") == "(absent)");
  }
  for (const char* name : {"", "X%20Name", "X-Name:", "X%0d%0aY", "%C3%A9"})
    CHECK(client.get(fmt::format("/try?name={}&value=v", name)).body.find("is no header's name") !=
          std::string::npos);
  const raw_response taken = client.get("/try?name=X-Name&value=a%09%C3%A9");
  CHECK(taken.body == "taken");
  CHECK(taken.header("x-name") == "a\t\xc3\xa9");
  for (const char* code : {"0", "99", "100", "199", "1000"})
    CHECK(client.get(fmt::format("/status?code={}", code)).body == fmt::format("http_response: status {}", code));
  CHECK(client.get("/status?code=299").status == 299);
}

TEST_CASE("server: a response has as many headers of a name as were added", "[beast][server]") {
  running_server server([](weir::http_server& on) {
    on.get("/", [](http_request&, http_response& out) -> task {
      out.header("Set-Cookie", "replaced=1").header("Set-Cookie", "session=1; HttpOnly");
      out.add_header("Set-Cookie", "theme=dark").add_header("Link", "</style.css>; rel=preload");
      CHECK_THROWS_AS(out.add_header("Set-Cookie", "a\r\nb"), std::invalid_argument);
      CHECK_THROWS_AS(out.add_header("Set Cookie", "a"), std::invalid_argument);
      co_return;
    });
  });
  const std::string head = raw_client(server.port()).get("/").head;
  const auto first = head.find("\r\nSet-Cookie: session=1; HttpOnly\r\n"),
             second = head.find("\r\nSet-Cookie: theme=dark\r\n");
  CHECK(first < second);
  CHECK(second < head.size());
  CHECK(head.find("replaced") == head.npos);
  CHECK(head.find("\r\nLink: </style.css>; rel=preload\r\n") < head.size());
}
