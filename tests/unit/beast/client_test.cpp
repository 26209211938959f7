// The client: what its calls carry, and how they end.
#include "weir/beast/client.hpp"

#include "client_fixture.hpp"
#include "http_url.hpp"
#include "waiting_handler.hpp"
#include "weir/asio/under.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include <catch2/catch.hpp>

using namespace weir_test;
using weir::client_request;
using weir::client_response;

TEST_CASE("client: a call carries its context's trace, id and deadline, each with a span of its own",
          "[beast][client]") {
  running_server peer([](weir::http_server& on) { on.route("POST", "/tell", tell_headers); });
  caller calling({.timeout = 1h});
  const weir::correlation ids{0x0123456789abcdefU, 0xfedcba9876543210U, 0x1111111111111111U};
  const weir::context ctx = weir::with_correlation(weir::background(), ids);
  const auto [limited, cancel] = weir::with_timeout(ctx, 30min);
  client_request request("POST", url_of(peer.port(), "/tell?x=1"));
  request.headers = {{"X-Own", "mine"}, {"Host", "forged"}, {"traceparent", "forged"}, {"tracestate", "of=another"}};
  request.body = "body";
  const std::string first = calling.send(request, limited).body, second = calling.send(request, limited).body;

  const std::string trace = "traceparent=00-0123456789abcdeffedcba9876543210-";
  REQUIRE(first.starts_with(trace));
  REQUIRE(second.starts_with(trace));
  const auto span = [&](const std::string& of) { return of.substr(trace.size(), 16); };
  CHECK(span(first) != span(second));
  CHECK(span(first) != "1111111111111111");
  CHECK(first.find("X-Own=mine\n") != first.npos);
  CHECK(first.find("tracestate=\n") != first.npos);
  CHECK(first.find(fmt::format("Host=127.0.0.1:{}\n", peer.port())) != first.npos);
  CHECK(first.find("X-Request-Timeout-Ms=1") != first.npos); // 1800000 less what has passed
  CHECK(first.ends_with("body"));

  // The record is the span.
  const auto lines = calling.lines();
  REQUIRE(lines.size() == 2);
  CHECK(json_member(lines[0], "trace_id") == "0123456789abcdeffedcba9876543210");
  CHECK(json_member(lines[0], "span_id") == span(first));
  CHECK(json_member(lines[0], "parent_span_id") == "1111111111111111");
  CHECK(json_member(lines[0], "http.response.status_code") == "200");
  CHECK(json_member(lines[0], "url.path") == "/tell");
  CHECK(json_member(lines[0], "server.address") == "127.0.0.1");
  const std::string port = std::to_string(peer.port());
  CHECK(calling.calls({{"http_request_method", "POST"},
                       {"server_address", "127.0.0.1"},
                       {"server_port", port},
                       {"http_response_status_code", "200"},
                       {"error_type", ""}}) == 2);
  // The other side continues the trace.
  peer.stop(1s);
  const auto theirs = peer.by.access_lines();
  REQUIRE(theirs.size() == 2);
  CHECK(json_member(theirs[0], "trace_id") == json_member(lines[0], "trace_id"));
}

TEST_CASE("client: of the context's time and the client's own the shorter one is passed on", "[beast][client]") {
  running_server peer([](weir::http_server& on) { on.get("/tell", tell_headers); });
  const auto told = [&](weir::http_client& client, const weir::context& ctx) {
    boost::asio::io_context io;
    auto response =
        boost::asio::co_spawn(io, client.send(ctx, {"GET", url_of(peer.port(), "/tell")}), boost::asio::use_future);
    io.run();
    const std::string all = response.get().body, name = "X-Request-Timeout-Ms=";
    const std::size_t begin = all.find(name) + name.size();
    return all.substr(begin, all.find('\n', begin) - begin);
  };
  caller calling({.timeout = 20s});
  const auto [longer, cancel_longer] = weir::with_timeout(weir::background(), 1h);
  const auto [shorter, cancel_shorter] = weir::with_timeout(weir::background(), 9s);
  const auto is_up_to = [](const std::string& text, int most) { return std::stoi(text) <= most; };
  CHECK(is_up_to(told(calling.client, {}), 20'000));
  CHECK(is_up_to(told(calling.client, longer), 20'000));
  CHECK(is_up_to(told(calling.client, shorter), 9'000));
  observed by;
  weir::http_client silent({.observing = {.metrics = &by.registry, .deadline_header = ""}});
  CHECK(told(silent, shorter).empty());
}

TEST_CASE("client: a call ends with its context, or by its own limit, and says why", "[beast][client]") {
  running_server peer([](weir::http_server& on) {
    on.get("/wait", [](http_request& in, http_response&) -> task { co_await weir::until_done(in.ctx()); });
  });
  // Without a header, as the server would be as quick to end it.
  caller calling({.observing = {.deadline_header = ""}, .timeout = 50ms});
  try {
    calling.get(peer.port(), "/wait");
    FAIL("it has an answer");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::timed_out);
  }
  CHECK(calling.calls({{"error_type", "timeout"}, {"http_response_status_code", ""}}) == 1);

  caller patient;
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::jthread other([&cancel = cancel, &peer] {
    while (peer.by.active() < 1) std::this_thread::yield();
    cancel(weir::cancel_reason::application);
  });
  CHECK_THROWS_AS(patient.get(peer.port(), "/wait", ctx), std::system_error);
  CHECK(patient.calls({{"error_type", "application"}}) == 1);
  CHECK_THROWS_AS(patient.get(peer.port(), "/wait", ctx), std::system_error); // it had ended before
  CHECK(patient.calls({{"error_type", "application"}}) == 2);
  const auto lines = patient.lines();
  REQUIRE(lines.size() == 2);
  CHECK(json_member(lines[0], "level") == "warn");
  CHECK(json_member(lines[0], "error.type") == "application");
}

TEST_CASE("client: whatever a server answers ends in a response or an error", "[beast][client]") {
  caller calling({.header_limit_bytes = 1024, .body_limit_bytes = 10});
  const auto answer_to = [&](std::string answer, std::string method = "GET") {
    canned_server server(std::move(answer), true);
    return calling.send({std::move(method), url_of(server.port(), "/")});
  };
  CHECK(answer_to("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx")
            .status == 404);
  CHECK(calling.calls({{"error_type", "404"}, {"http_response_status_code", "404"}}) == 1);
  CHECK(answer_to("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n").status == 101);
  CHECK(answer_to("HTTP/1.0 200 OK\r\n\r\nto the end").body == "to the end");
  CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "HEAD").body.empty());
  CHECK(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").body == "ok");
  for (const char* bad : {"", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx",
                          "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890"})
    CHECK_THROWS_AS(answer_to(bad), boost::system::system_error);
  CHECK_THROWS_AS(answer_to("HTTP/1.1 200 OK\r\nX: " + std::string(2000, 'x') + "\r\n\r\n"),
                  boost::system::system_error);
}

TEST_CASE("client: a response whose end may be read in two ways is an error", "[beast][client]") {
  caller calling;
  const std::string ok = "HTTP/1.1 200 OK\r\n", body = "\r\n2\r\nok\r\n0\r\n\r\n";
  for (const std::string& bad : {ok + "Transfer-Encoding: gzip\r\n\r\nok", //
                                 ok + "Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nokay",
                                 ok + "Content-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\nokay",
                                 ok + "Transfer-Encoding: gzip, chunked\r\n" + body,
                                 ok + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n" + body,
                                 ok + "Transfer-Encoding: chunked, gzip\r\n" + body,
                                 ok + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n" + body,
                                 ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n" + body,
                                 "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n" + body}) {
    CAPTURE(bad);
    canned_server server(bad, true);
    CHECK_THROWS_AS(calling.get(server.port(), "/"), boost::system::system_error);
  }
  canned_server good(ok + "transfer-encoding: Chunked \r\n" + body, true);
  CHECK(calling.get(good.port(), "/").body == "ok");
}

TEST_CASE("client: a status below 100 is none, and nothing to pass over", "[beast][client]") {
  caller calling;
  for (const char* status : {"000", "099"}) {
    canned_server server("HTTP/1.1 " + std::string(status) +
                             " Odd\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                         true);
    CHECK_THROWS_AS(calling.get(server.port(), "/"), boost::system::system_error);
  }
}

// A server that sends them without end had the client's only thread until the time-out.
TEST_CASE("client: of responses before the final one there are eight at most", "[beast][client]") {
  caller calling;
  const auto answer_behind = [&](int hints) {
    std::string answer;
    for (int i = 0; i < hints; ++i) answer += "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    canned_server server(answer + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true);
    return calling.get(server.port(), "/").body;
  };
  CHECK(answer_behind(8) == "ok");
  CHECK_THROWS_WITH(answer_behind(9), Catch::Contains("more than 8 responses before the final one"));
}

TEST_CASE("client: trailers are counted, and left out of the headers", "[beast][client]") {
  caller calling({.header_limit_bytes = 1024});
  const std::string begin = "HTTP/1.1 200 OK\r\nX-A: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n";
  canned_server server(begin + "X-Trailer: yes\r\nSet-Cookie: a=b\r\nX-A: forged\r\n\r\n", true);
  const client_response got = calling.get(server.port(), "/");
  CHECK(got.body == "ok");
  CHECK(got.headers.count("X-A") == 1);
  CHECK(got.headers["X-A"] == "a");
  CHECK(got.headers.count("X-Trailer") == 0);
  CHECK(got.headers.count("Set-Cookie") == 0);

  std::string many;
  for (int i = 0; i < 20; ++i) many += "X-Trailer: " + std::string(100, 'x') + "\r\n";
  canned_server talkative(begin + many + "\r\n", true);
  CHECK_THROWS_AS(calling.get(talkative.port(), "/"), boost::system::system_error);
}

TEST_CASE("client: a response's header that Beast cannot keep is an error like any other", "[beast][client]") {
  caller calling({.header_limit_bytes = 1 << 20});
  canned_server server("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\nContent-Length: 0\r\n\r\n", true);
  CHECK_THROWS_AS(calling.get(server.port(), "/"), boost::system::system_error);
}

TEST_CASE("client: what cannot be sent is refused", "[beast][client]") {
  caller calling;
  CHECK_THROWS_AS(calling.send({"GET", "ftp://example"}), std::invalid_argument);
  CHECK_THROWS_AS(calling.send({"GET /", "http://127.0.0.1/"}), std::invalid_argument);
  CHECK_THROWS_WITH(calling.send({"CONNECT", "http://127.0.0.1/"}), Catch::Contains("CONNECT"));
  const auto send_with = [&](std::string name, std::string value) {
    client_request request("GET", "http://127.0.0.1/");
    request.headers = {{std::move(name), std::move(value)}};
    calling.send(request);
  };
  CHECK_THROWS_AS(send_with("X", "a\r\nY: b"), std::invalid_argument);
  CHECK_THROWS_AS(send_with("X Y", "a"), std::invalid_argument);
  CHECK_THROWS_WITH(send_with("X-Large", std::string(70'000, 'x')), Catch::Contains("X-Large has 70000 bytes"));
  CHECK_THROWS_AS(send_with(std::string(70'000, 'x'), "a"), std::invalid_argument);
  for (const char* name : {"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
                           "transfer-encoding", "UPGRADE"})
    CHECK_THROWS_WITH(send_with(name, "1"), Catch::Contains(name));
  CHECK_THROWS_WITH(weir::http_client({.timeout = 0ms}), Catch::Contains("timeout"));
  CHECK_THROWS_WITH(weir::http_client({.idle_connections = 1025}), Catch::Contains("idle_connections"));
  CHECK_THROWS_WITH(weir::http_client({.all_idle_connections = 4097}), Catch::Contains("all_idle_connections"));
  CHECK_THROWS_WITH(weir::http_client({.idle_timeout = 0ms}), Catch::Contains("idle_timeout"));
}

TEST_CASE("client: a request can be made within the expression that awaits its response", "[beast][client]") {
  running_server peer([](weir::http_server& on) { on.get("/items/7", tell_headers); });
  caller calling;
  const auto ask = [](weir::http_client& client, std::uint16_t port) -> boost::asio::awaitable<unsigned> {
    const weir::context ctx;
    const client_response stock = co_await client.send(ctx, {"GET", url_of(port, "/items/7")});
    const client_response again = co_await client.send(ctx, client_request("GET", url_of(port, "/items/7")));
    co_return stock.status + again.status;
  };
  boost::asio::io_context io;
  auto both = boost::asio::co_spawn(io, ask(calling.client, peer.port()), boost::asio::use_future);
  io.run();
  CHECK(both.get() == 400);
}

TEST_CASE("client: a caller whose execution context goes leaves nothing behind", "[beast][client]") {
  raw_listener silent;
  caller calling;
  std::optional<raw_socket> asked;
  {
    boost::asio::io_context io;
    boost::asio::co_spawn(io, calling.client.send({}, {"GET", url_of(silent.port(), "/")}), boost::asio::detached);
    io.poll();
    asked.emplace(silent.accept());
  }
  CHECK(calling.calls({{"error_type", "_OTHER"}}) == 1);
  // It ends on the client's side as well, and what comes is for nobody.
  answer_to(*asked);
  CHECK(is_at_end(*asked));
}

TEST_CASE("client: calls under way end when it is destroyed", "[beast][client]") {
  raw_listener silent;
  observed by;
  boost::asio::io_context io;
  std::optional<weir::http_client> client(std::in_place,
                                          weir::client_options{.observing = {.metrics = &by.registry}});
  auto response =
      boost::asio::co_spawn(io, client->send({}, {"GET", url_of(silent.port(), "/")}), boost::asio::use_future);
  io.poll();
  const raw_socket asked = silent.accept();
  client.reset();
  CHECK(is_at_end(asked));
  io.run();
  try {
    response.get();
    FAIL("it has an answer");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::operation_canceled);
  }
  CHECK(by.sum("http_client_request_duration_seconds", {{"error_type", "shutdown"}}) == 1);
}

TEST_CASE("client: a caller that is cancelled through its slot, or by under(), does not wait on", "[beast][client]") {
  raw_listener silent;
  caller calling;
  boost::asio::io_context io;
  boost::asio::cancellation_signal signal;
  std::exception_ptr why;
  boost::asio::co_spawn(io, calling.client.send({}, {"GET", url_of(silent.port(), "/")}),
                        boost::asio::bind_cancellation_slot(
                            signal.slot(), [&](std::exception_ptr error, const client_response&) { why = error; }));
  io.poll();
  const raw_socket first = silent.accept();
  signal.emit(boost::asio::cancellation_type::terminal);
  io.run();
  REQUIRE(why);
  try {
    std::rethrow_exception(why);
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::operation_canceled);
  }
  CHECK(is_at_end(first));
  CHECK(calling.calls({{"error_type", "application"}}) == 1);

  const auto shorter = weir::with_timeout(weir::background(), 20ms);
  io.restart();
  auto second = boost::asio::co_spawn(
      io, weir::under(shorter.ctx, calling.client.send({}, {"GET", url_of(silent.port(), "/")})),
      boost::asio::use_future);
  io.run();
  CHECK_THROWS_AS(second.get(), std::system_error);
}

TEST_CASE("client: an error whose text there is no memory for ends a call like any other", "[beast][client]") {
  struct : std::error_category {
    const char* name() const noexcept override { return "poor"; }
    std::string message(int) const override { throw std::bad_alloc(); }
  } const static poor;
  observed by;
  weir::call_observer observer({.metrics = &by.registry, .log = &by.stream.get_logger("calls")});
  weir::outgoing_call call(observer, {}, {.method = "GET", .address = "stock"});
  call.failed(std::error_code(1, poor));
  REQUIRE(by.lines_of("calls").size() == 1);
  CHECK(json_member(by.lines_of("calls")[0], "error.type") == "_OTHER");
}

TEST_CASE("client: urls are taken apart", "[beast][client]") {
  using weir::detail::parse_http_url;
  const auto plain = parse_http_url("http://example:8080/a/b?c=d#e");
  CHECK(plain.host == "example");
  CHECK(plain.authority == "example:8080");
  CHECK(plain.port == 8080);
  CHECK(plain.target == "/a/b?c=d");
  CHECK(plain.path() == "/a/b");
  CHECK(parse_http_url("http://example").target == "/");
  CHECK(parse_http_url("HttP://example/A").target == "/A");
  CHECK(parse_http_url("http://EXAMPLE.Org:81/A").host == "example.org");
  CHECK(parse_http_url("http://EXAMPLE.Org:81/A").authority == "EXAMPLE.Org:81");
  CHECK(parse_http_url("http://[::FFFF:127.0.0.1]/").host == "::ffff:127.0.0.1");
  CHECK(parse_http_url("http://example:").port == 80);
  CHECK_FALSE(plain.is_secure);
  CHECK(parse_http_url("HTTPS://example").is_secure);
  CHECK(parse_http_url("https://example").port == 443);
  CHECK(parse_http_url("https://example:8443/a").port == 8443);
  CHECK(parse_http_url("https://[::1]/a").target == "/a");
  CHECK(parse_http_url("http://example?x").target == "/?x");
  CHECK(parse_http_url("http://[::1]:81/x").host == "::1");
  CHECK(parse_http_url("http://[::1]:81/x").port == 81);
  CHECK(parse_http_url("http://example./").host == "example.");
  for (const char* bad : {"",
                          "example",
                          "ftp://example/",
                          "https:/example",
                          "https://",
                          "http://",
                          "http:///x",
                          "http://:80/",
                          "http://u@h/",
                          "http://h:0/",
                          "http://h:65536/",
                          "http://h:x/",
                          "http://[::1/",
                          "http://[::1]x/",
                          "http://[]/",
                          "http://[localhost]/",
                          "http://[127.0.0.1]/",
                          "http://.h/",
                          "http://h..i/",
                          "http://./",
                          "http://..",
                          "http://h/a b",
                          "http://h/\r\nX: y",
                          "http://h/\xc3\xa9"}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH(parse_http_url(bad), Catch::StartsWith("url '" + std::string(bad) + "'"));
  }
  CHECK_THROWS_WITH(parse_http_url("http://" + std::string(70'000, 'h')), Catch::EndsWith("too long"));
}
