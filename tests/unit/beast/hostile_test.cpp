// Clients that keep to HTTP just as far as it hurts: what they send costs no more than the limits say, and is
// answered.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"

#include <catch2/catch.hpp>
#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace weir_test;

namespace {

void echo(weir::http_server& server) {
  server.post("/echo", [](http_request& in, http_response& out) -> task {
    out.body(in.body());
    co_return;
  });
}

weir::server_options with_header_limit(std::uint32_t bytes) {
  weir::server_options options = quick();
  options.header_limit_bytes = bytes;
  return options;
}

std::string chunked(std::string_view body) {
  return fmt::format("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{}", body);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

} // namespace

// With its buffer full, and nothing in it that could be taken out, the session went on reading nothing for ever.
TEST_CASE("hostile: what a chunked body has besides its data is as long as a header at most", "[beast][hostile]") {
  running_server server(echo);
  const std::string rest = "\r\nabc\r\n0\r\n\r\n";
  const std::string bodies[] = {
      "3;a=" + std::string(100'000, 'b') + rest,                   // an extension
      std::string(100'000, '0') + "3" + rest,                      // a size
      "3\r\nabc\r\n0;a=" + std::string(100'000, 'b') + "\r\n\r\n", // behind the data
      "3\r\nabc\r\n0\r\n" + repeated("X: y\r\n", 20'000) + "\r\n",
      "3\r\nabc\r\n0\r\nX: " + std::string(120'000, 'y') + "\r\n\r\n",
  };
  for (const std::string& body : bodies) {
    CAPTURE(body.substr(0, 20));
    raw_client client(server.port());
    const raw_response refused = client.ask(chunked(body));
    // Newer versions of Beast end a chunk's line themselves, earlier, with 400.
    CHECK((refused.status == 431 || refused.status == 400));
    CHECK(refused.header("Connection") == "close");
    client.shutdown_send();
    CHECK(client.at_end());
  }
  server.stop(5s);
  CHECK(server.by.finished({{"error_type", "protocol_error"}}) == 5);
  CHECK(server.by.finished() == 5);
}

// They became headers behind the checks that headers go through: another Host, another user.
TEST_CASE("hostile: trailers are no headers (RFC 9110 6.5.1)", "[beast][hostile]") {
  running_server server([](weir::http_server& on) {
    on.post("/seen", [](http_request& in, http_response& out) -> task {
      const auto& all = in.message();
      out.body(fmt::format("{} hosts, {} users, {} tags, {} {} {} '{}' {}", all.count("Host"),
                           all.count("Authorization"), all.count("ETag"), in.header("Host"),
                           in.header("Authorization"), in.header("X-Before"), in.header("X-Behind"), in.body()));
      co_return;
    });
  });
  raw_client client(server.port());
  for (int i = 0; i < 2; ++i) // Connection did not end it either
    CHECK(client
              .ask("POST /seen HTTP/1.1\r\nHost: test\r\nAuthorization: mine\r\nX-Before: yes\r\nTrailer: "
                   "X-Behind, ETag\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nHost: other\r\n"
                   "Authorization: theirs\r\nX-Behind: yes\r\nETag: \"e\"\r\nConnection: close\r\n\r\n")
              .body == "1 hosts, 1 users, 0 tags, test mine yes '' abc");
  // What would change where the body ends is refused, also there.
  CHECK(client
            .ask("POST /seen HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: "
                 "3\r\n\r\n")
            .status == 400);
}

TEST_CASE("hostile: trailers count as the header does", "[beast][hostile]") {
  running_server server(echo, with_header_limit(2000));
  const auto with = [&](std::size_t header, std::size_t trailer) {
    raw_client client(server.port());
    return client
        .ask(fmt::format("POST /echo HTTP/1.1\r\nHost: test\r\nX: {}\r\nTransfer-Encoding: "
                         "chunked\r\n\r\n3\r\nabc\r\n0\r\nY: {}\r\n\r\n",
                         std::string(header, 'x'), std::string(trailer, 'y')))
        .status;
  };
  CHECK(with(800, 800) == 200);
  CHECK(with(1600, 800) == 431);
  CHECK(with(800, 1600) == 431);
}

// Beast counts what it has not taken in yet, and it takes in whole lines.
TEST_CASE("hostile: a header that comes line by line is not longer than another", "[beast][hostile]") {
  running_server server(echo, with_header_limit(2000));
  raw_client client(server.port());
  client.send("GET /echo HTTP/1.1\r\nHost: test\r\nX");
  const std::string line = ": " + std::string(100, 'x') + "\r\nX"; // the next one's begin shows that it is whole
  bool is_answered = false;
  for (int i = 0; i < 1000 && !is_answered; ++i) {
    client.send(line);
    pollfd answer{.fd = client.raw_socket::get(), .events = POLLIN, .revents = 0};
    is_answered = ::poll(&answer, 1, 2) == 1;
  }
  REQUIRE(is_answered);
  CHECK(client.read().status == 431);
}

TEST_CASE("hostile: more of extensions than of data is refused", "[beast][hostile]") {
  running_server server(echo, with_header_limit(2000));
  const std::string chunk = "1;a=" + std::string(500, 'b') + "\r\nx\r\n";
  CHECK(raw_client(server.port()).ask(chunked(repeated(chunk, 3) + "0\r\n\r\n")).body == "xxx");
  CHECK(raw_client(server.port()).ask(chunked(repeated(chunk, 9) + "0\r\n\r\n")).status == 400);
  const std::string signed_chunk = "100;sig=" + std::string(64, 's') + "\r\n" + std::string(256, 'x') + "\r\n";
  CHECK(raw_client(server.port()).ask(chunked(repeated(signed_chunk, 100) + "0\r\n\r\n")).body.size() == 25'600);
}

// Beast takes any byte within quotes. Who ends a line at a bare LF saw one request, whose body holds the second.
TEST_CASE("hostile: no control character stands in a chunk's extension (RFC 9112 7.1.1)", "[beast][hostile]") {
  running_server server(echo);
  const std::string inner = "0\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
  const std::string smuggled = fmt::format("3;a=\"\n\";b\r\n{:03x}\r\n{}\r\n0\r\n\r\n", inner.size(), inner);
  const auto in_quotes = [](char c) { return fmt::format("2;a=\"x{}\"\r\nab\r\n0\r\n\r\n", c); };
  const auto at_the_end = [](char c) { return fmt::format("2\r\nab\r\n0;a=\"x{}\"\r\n\r\n", c); };
  const auto in_trailer = [](char c) { return fmt::format("2\r\nab\r\n0\r\nA: b{}c\r\n\r\n", c); };
  const auto in_trailers_name = [](char c) { return fmt::format("2\r\nab\r\n0\r\nA{}: b\r\n\r\n", c); };
  std::vector<std::string> bodies{smuggled, "2;a=\"\\\n\"\r\nab\r\n0\r\n\r\n", in_trailers_name('\t'),
                                  in_trailers_name(' ')};
  for (const char c : {'\n', '\0', '\x01', '\x0b', '\x1f', '\x7f'})
    for (const std::string& body : {in_quotes(c), at_the_end(c), in_trailer(c), in_trailers_name(c)})
      bodies.push_back(body);
  for (const std::string& body : bodies) {
    CAPTURE(body);
    raw_client client(server.port());
    client.send(chunked(body));
    client.shutdown_send();
    CHECK(client.read().status == 400);
    CHECK(client.at_end());
  }
  for (const char c : {'\t', ' ', ';', '\xe9'}) {
    CHECK(raw_client(server.port()).ask(chunked(in_quotes(c))).body == "ab");
    CHECK(raw_client(server.port()).ask(chunked(at_the_end(c))).body == "ab");
  }
}

// Beast looks for CR LF, and would wait for it until the time for the body was over.
TEST_CASE("hostile: a bare LF ends no line of a chunked body, and is refused as it comes", "[beast][hostile]") {
  weir::server_options options = quick();
  options.progress_timeout = 1h;
  running_server server(echo, options);
  for (const char* body : {"3\nabc\r\n", "3\n", "3;a=b\n", "3\r\nabc\n0\r\n", "3\r\nabc\r\n0\n",
                           "3\r\nabc\r\n0\r\n\n", "3\r\nabc\r\n0\r\nA: b\n"}) {
    CAPTURE(body);
    CHECK(raw_client(server.port()).ask(chunked(body)).status == 400);
    raw_client slow(server.port());
    slow.send(chunked(""));
    for (const char* each = body; *each != '\0'; ++each) slow.send({each, 1});
    CHECK(slow.read().status == 400);
  }
  CHECK(raw_client(server.port()).ask(chunked("3\r\na\nb\r\n0\r\n\r\n")).body == "a\nb");
}

TEST_CASE("hostile: no control character stands in a header's line", "[beast][hostile]") {
  running_server server(echo);
  for (const char c : {'\n', '\r', '\0', '\x01', '\x1f', '\x7f'})
    for (const std::string& head : {fmt::format("GET /echo HTTP/1.1\r\nHost: x\r\nA: b{}c\r\n\r\n", c),
                                    fmt::format("GET /echo HTTP/1.1\r\nHost: x\r\nA{}b: c\r\n\r\n", c),
                                    fmt::format("GET /ec{}ho HTTP/1.1\r\nHost: x\r\n\r\n", c),
                                    fmt::format("GET{} /echo HTTP/1.1\r\nHost: x\r\n\r\n", c),
                                    fmt::format("GET /echo HTTP/1.1{}\r\nHost: x\r\n\r\n", c)}) {
      CAPTURE(head);
      CHECK(raw_client(server.port()).ask(head).status == 400);
    }
}

// Beast throws where it cannot keep one: a request that failed, with an error's line for each.
TEST_CASE("hostile: a header longer than can be kept is the client's fault", "[beast][hostile]") {
  running_server server(echo, with_header_limit(1U << 20));
  const std::string text(70'000, 'x');
  for (const std::string& field : {"X: " + text, text + ": x"}) {
    raw_client client(server.port());
    CHECK(client.ask(get_request("/echo", field + "\r\n")).status == 431);
    CHECK(raw_client(server.port()).ask(chunked("3\r\nabc\r\n0\r\n" + field + "\r\n\r\n")).status == 431);
  }
  server.stop(5s);
  CHECK(server.by.finished({{"error_type", "protocol_error"}, {"http_response_status_code", "431"}}) == 4);
  CHECK(server.by.finished() == 4);
  CHECK(server.by.lines_of("server").empty());
}

// A request's time began when its header had come.
TEST_CASE("hostile: a request's time runs from its first byte on", "[beast][hostile]") {
  running_server server([](weir::http_server& on) {
    on.get("/times", [](http_request& in, http_response& out) -> task {
      const weir::exchange_record& facts = in.observed()->facts();
      out.body(std::to_string((facts.handler_started - facts.received) / 1ms));
      co_return;
    });
  });
  const auto ask_slowly = [&](std::string_view header) {
    raw_client client(server.port());
    // Behind another, so that the first part has been read when that is answered.
    client.send(get_request("/times") + fmt::format("GET /times HTTP/1.1\r\n{}Host: te", header));
    client.read();
    std::this_thread::sleep_for(60ms); // this is what is measured
    return client.ask("st\r\n\r\n");
  };
  // Once the server may be late itself.
  long found = 0;
  for (int i = 0; i < 20 && found < 40; ++i) found = std::strtol(ask_slowly("").body.c_str(), nullptr, 10);
  CHECK(found >= 40);
  unsigned status = 0;
  for (int i = 0; i < 20 && status != 504; ++i) status = ask_slowly("X-Request-Timeout-Ms: 40\r\n").status;
  CHECK(status == 504);
}
